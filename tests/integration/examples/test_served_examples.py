"""Each example, served by the real runtime as its YAML says, answers as scikit-learn does."""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import yaml

ROOT = Path(__file__).parents[3]
EXAMPLES = ROOT / "deploy" / "examples"
MANIFESTS = sorted(EXAMPLES.glob("*/modeldeployment*.yaml"))


@dataclass(frozen=True, slots=True)
class Served:
    """One version of one example, being served."""

    folder: Path
    name: str
    version: str
    rules: dict[str, dict[str, Any]]
    http: httpx.Client

    def rows(self) -> dict[str, list[Any]]:
        inputs: dict[str, list[Any]] = self._holdout()["inputs"]
        return inputs

    def answers(self) -> dict[str, list[Any]]:
        outputs: dict[str, list[Any]] = self._holdout()["outputs"][self.version]
        return outputs

    def _holdout(self) -> Any:
        return json.loads((self.folder / "holdout.json").read_text())

    def named_rows(self) -> list[dict[str, Any]]:
        """The rows as `/predict` takes them."""
        columns = [[self._named(name, row) for row in rows] for name, rows in self.rows().items()]
        return [dict(chain.from_iterable(parts)) for parts in zip(*columns, strict=True)]

    def _named(self, tensor: str, row: Any) -> list[tuple[str, Any]]:
        features = self.rules[tensor].get("features")
        return list(zip(features, row, strict=True)) if features else [(tensor, row)]


@pytest.fixture(scope="module", params=MANIFESTS, ids=lambda p: f"{p.parent.name}/{p.stem}")
def served(request: pytest.FixtureRequest) -> Iterator[Served]:
    manifest = yaml.safe_load(request.param.read_text())
    name, model = manifest["metadata"]["name"], manifest["spec"]["model"]
    file = request.param.with_name(request.param.stem.replace("modeldeployment", "model") + ".onnx")
    rules = {rule["name"]: rule for rule in model["inputs"]}
    with _serve(file, name, model) as http:
        yield Served(request.param.parent, name, model["version"], rules, http)


def test_predict_answers_a_list_of_rows_as_scikit_learn_does(served: Served) -> None:
    answer = served.http.post("/predict", json=served.named_rows())

    assert answer.status_code == 200, answer.text
    for name, wanted in served.answers().items():
        _assert_same([row[name] for row in answer.json()], np.squeeze(np.array(wanted)))


def test_infer_answers_a_batch_as_scikit_learn_does(served: Served) -> None:
    declared = served.http.get(f"/v2/models/{served.name}").json()["inputs"]
    tensors = {name: np.array(rows) for name, rows in served.rows().items()}
    inputs = [
        {
            "name": tensor["name"],
            "datatype": tensor["datatype"],
            "shape": list(tensors[tensor["name"]].shape),
            "data": tensors[tensor["name"]].ravel().tolist(),
        }
        for tensor in declared
    ]

    answer = served.http.post(f"/v2/models/{served.name}/infer", json={"inputs": inputs})

    assert answer.status_code == 200, answer.text
    outputs = {output["name"]: output for output in answer.json()["outputs"]}
    assert outputs.keys() == served.answers().keys()
    for name, rows in served.answers().items():
        assert outputs[name]["shape"] == list(np.array(rows).shape)
        _assert_same(outputs[name]["data"], np.array(rows).ravel())


def test_the_example_request_is_answered(served: Served) -> None:
    body = (served.folder / "request.json").read_bytes()

    answer = served.http.post("/predict", content=body)

    assert answer.status_code == 200, answer.text
    assert answer.headers["x-slipway-version"] == served.version
    many = isinstance(json.loads(body), list)
    assert (answer.json()[0] if many else answer.json()).keys() == served.answers().keys()


def test_a_value_beyond_the_declared_bounds_is_refused_by_its_name(served: Served) -> None:
    request = json.loads((served.folder / "request.json").read_text())
    row = request[0] if isinstance(request, list) else request
    name, value = next(iter(row.items()))
    row[name] = _beyond(value)

    answer = served.http.post("/predict", json=row)

    assert 400 <= answer.status_code < 500
    assert f"'{name}'" in answer.json()["error"]


def _beyond(value: Any) -> Any:
    if isinstance(value, str):
        return "x" * 2001
    if isinstance(value, list):
        return [[1_000_000.0] * 8] * 8
    return 1_000_000.0


def _assert_same(found: list[Any], wanted: Any) -> None:
    if wanted.dtype.kind == "f":
        np.testing.assert_allclose(np.array(found), wanted, rtol=1e-4, atol=1e-5)
    else:
        assert found == wanted.tolist()


@contextmanager
def _serve(file: Path, name: str, model: dict[str, Any]) -> Iterator[httpx.Client]:
    command = [sys.executable, "-m", "slipway_runtime", "serve", str(file), "--port", "0"]
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT / "runtime" / "src"),
        "SLIPWAY_MODEL_NAME": name,
        "SLIPWAY_MODEL_VERSION": model["version"],
        "SLIPWAY_INPUTS": json.dumps(model["inputs"]),
        "SLIPWAY_DRAIN_SECONDS": "0",
    }
    process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stderr is not None
        first = process.stderr.readline()
        port = re.search(r"listening on port (\d+)", first)
        assert port, first + process.stderr.read()
        with httpx.Client(base_url=f"http://127.0.0.1:{port[1]}", timeout=30) as http:
            _wait_until_ready(http)
            yield http
    finally:
        process.terminate()
        process.communicate(timeout=20)


def _wait_until_ready(http: httpx.Client) -> None:
    deadline = time.monotonic() + 60
    while http.get("/v2/health/ready").status_code != 200:
        assert time.monotonic() < deadline, "the example never became ready"
        time.sleep(0.05)
