"""Each example, applied as the README says, answers held-out rows as scikit-learn does.

The client is Triton's own, over `kubectl port-forward`, as somebody at a desk would use it.
"""

import json
import re
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
import yaml
from tritonclient.http import InferenceServerClient, InferInput, InferRequestedOutput

from slipway_testing.cluster import ROOT
from slipway_testing.scene import Model

pytestmark = pytest.mark.cluster
EXAMPLES = ROOT / "deploy" / "examples"
NUMPY: dict[str, Any] = {"FP32": np.float32, "INT64": np.int64, "BYTES": np.object_}


@pytest.fixture(scope="module")
def examples_store() -> None:
    """The examples' own model store."""
    subprocess.run([EXAMPLES / "store.sh"], check=True, capture_output=True, timeout=180)


@pytest.mark.usefixtures("examples_store")
@pytest.mark.parametrize("name", ["iris", "breast-cancer", "digits", "diabetes", "tickets"])
def test_an_example_serves_scikit_learns_own_predictions(
    make_model: Callable[[str], Model], name: str
) -> None:
    manifest = yaml.safe_load((EXAMPLES / name / "modeldeployment.yaml").read_text())
    holdout = json.loads((EXAMPLES / name / "holdout.json").read_text())

    model = make_model(name).apply(manifest["spec"]).becomes_ready(within=90)

    with port_forward(model) as address:
        served = infer(address, name, holdout["inputs"])
    answers = holdout["outputs"][manifest["spec"]["model"]["version"]]
    assert served.keys() == answers.keys()
    for output, expected in answers.items():
        assert_same(served[output], expected)


def infer(address: str, model: str, rows: dict[str, Any]) -> dict[str, Any]:
    """Ask with tritonclient, tensors as JSON, in the types that the server's metadata names."""
    client = InferenceServerClient(address)
    about = client.get_model_metadata(model)
    inputs = []
    for declared in about["inputs"]:
        tensor: np.ndarray[Any, Any] = np.array(rows[declared["name"]], NUMPY[declared["datatype"]])
        wanted = InferInput(declared["name"], tensor.shape, declared["datatype"])
        inputs.append(wanted.set_data_from_numpy(tensor, binary_data=False))
    names = [output["name"] for output in about["outputs"]]
    asked = [InferRequestedOutput(output, binary_data=False) for output in names]
    answer = client.infer(model, inputs, outputs=asked)
    return {output: answer.as_numpy(output) for output in names}


def assert_same(served: Any, expected: Any) -> None:
    if served.dtype.kind == "f":
        np.testing.assert_allclose(served, expected, rtol=1e-4, atol=1e-5)
    else:
        words = [item.decode() if isinstance(item, bytes) else item for item in served.flat]
        assert words == list(np.array(expected).flat)


@contextmanager
def port_forward(model: Model) -> Iterator[str]:
    """`kubectl port-forward` to the entry Service; yields host:port."""
    command = ["kubectl", "--kubeconfig", str(model.cluster.kubeconfig), "-n", model.namespace]
    process = subprocess.Popen(
        [*command, "port-forward", f"service/{model.entry_name}", ":80"],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        found = re.search(r"127\.0\.0\.1:(\d+)", line)
        assert found, line
        yield f"127.0.0.1:{found[1]}"
    finally:
        process.terminate()
        process.wait()
