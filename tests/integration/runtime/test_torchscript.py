"""TorchScript, run by the real PyTorch of a Debian root: engine, policy, and signatures."""

import json
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from runtime_testing.serving import Server, infer, serving
from runtime_testing.torch_root import TorchRoot, missing, torch_root

pytestmark = [
    pytest.mark.xdist_group("torch"),
    pytest.mark.skipif(missing() is not None, reason=str(missing())),
]

PATIENCE = 90.0
"""Seconds; importing PyTorch takes three on a machine that has nothing else to do."""

PROGRAMS = """
import json, sys, torch
from typing import Dict, Tuple

class Scores(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(4, 3)
        torch.nn.init.ones_(self.layer.weight)
        torch.nn.init.zeros_(self.layer.bias)
    def forward(self, x):
        scores = self.layer(x)
        return scores, scores.argmax(1)

class Named(torch.nn.Module):
    def forward(self, a: torch.Tensor, b: torch.Tensor) -> Dict[str, torch.Tensor]:
        return {"difference": a - b, "sum": a + b, "half": (a + b).to(torch.bfloat16)}

class Greedy(torch.nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x += 1
        return x

class Strict(torch.nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if bool((x < 0).any()):
            raise RuntimeError("negative numbers have no root")
        return x.sqrt()

torch.jit.trace(Scores(), torch.zeros(2, 4)).save("scores.pt")
torch.jit.script(Named()).save("named.pt")
torch.jit.script(Strict()).save("strict.pt")
tensor = {"datatype": "FP32", "shape": ["rows", 2]}
signature = {"inputs": [{"name": "X", **tensor}], "outputs": [{"name": "Y", **tensor}]}
torch.jit.save(torch.jit.script(Greedy()), "greedy.pt",
               _extra_files={"signature.json": json.dumps(signature)})
torch.save(Scores().state_dict(), "weights.pt")
"""

SCORES = """
inputs:
  - {name: X, datatype: FP32, shape: [rows, 4]}
outputs:
  - {name: scores, datatype: FP32, shape: [rows, 3]}
  - {name: label, datatype: INT64, shape: [rows]}
"""
NAMED = """
inputs:
  - {name: A, datatype: FP32, shape: [-1]}
  - {name: B, datatype: FP32, shape: [-1]}
outputs:
  - {name: sum, datatype: FP32, shape: [-1]}
  - {name: difference, datatype: FP32, shape: [-1]}
  - {name: half, datatype: FP32, shape: [-1]}
"""


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TorchRoot]:
    folder = tmp_path_factory.mktemp("torch")
    with torch_root(folder) as made:
        made.run(f"import os; os.chdir({str(folder)!r})\n" + PROGRAMS)
        (folder / "scores.signature.yaml").write_text(SCORES)
        (folder / "named.signature.yml").write_text(NAMED)
        request = infer(X=("FP32", [1, 2], [4, 9]))
        (folder / "strict.sample.json").write_text(json.dumps(request))
        yield made


@contextmanager
def served(root: TorchRoot, name: str, *options: str) -> Iterator[Server]:
    path = root.shared / f"{name}.pt"
    options = ("--allow-torchscript", *options)
    with serving(path, *options, wait=False, program=root.command) as server:
        yield server.wait_until_ready(PATIENCE)


@pytest.fixture(scope="module")
def scores(root: TorchRoot) -> Iterator[Server]:
    with served(root, "scores") as server:
        yield server


@pytest.fixture(scope="module")
def strict(root: TorchRoot) -> Iterator[Server]:
    with served(root, "strict") as server:
        yield server


def failure(root: TorchRoot, name: str, *options: str) -> str:
    path = root.shared / f"{name}.pt"
    with serving(path, *options, wait=False, program=root.command) as server:
        assert server.code() == 1
        return server.log.read_text().strip().rpartition("\n")[2]


def test_a_program_is_served_under_the_names_of_its_sidecar(scores: Server) -> None:
    found = scores.get("/v2/models/scores").json()
    assert found["platform"] == "pytorch_libtorch"
    assert found["inputs"] == [{"name": "X", "datatype": "FP32", "shape": [-1, 4]}]
    assert [output["name"] for output in found["outputs"]] == ["scores", "label"]

    answer = scores.post("/predict", {"X": [1, 2, 3, 4]}).json()
    assert answer == {"scores": [10.0, 10.0, 10.0], "label": 0}


def test_both_apis_take_rows_and_some_outputs(scores: Server) -> None:
    rows = [{"X": [n, 0, 0, 0]} for n in range(5)]
    assert [row["scores"][0] for row in scores.post("/predict", rows).json()] == [0, 1, 2, 3, 4]

    request = infer(X=("FP32", [2, 4], list(range(8)))) | {"outputs": [{"name": "label"}]}
    [output] = scores.post("/v2/models/scores/infer", request).json()["outputs"]
    assert (output["name"], output["shape"]) == ("label", [2])


def test_what_does_not_fit_the_signature_never_reaches_the_program(scores: Server) -> None:
    answer = scores.post("/v2/models/scores/infer", infer(X=("FP32", [1, 5], [1] * 5)))

    assert answer.status_code == 400
    assert "[-1, 4]" in answer.json()["error"]


def test_a_dictionary_gives_its_outputs_by_name(root: TorchRoot) -> None:
    with served(root, "named") as server:
        request = infer(A=("FP32", [2], [3, 4]), B=("FP32", [2], [1, 1]))
        outputs = server.post("/v2/models/named/infer", request).json()["outputs"]

    assert {output["name"]: output["data"] for output in outputs} == {
        "sum": [4, 5],
        "difference": [2, 3],
        "half": [4, 5],
    }


def test_a_signature_in_the_archive_is_found_and_inputs_are_the_programs_to_spoil(
    root: TorchRoot,
) -> None:
    with served(root, "greedy", "--cache", "1Mi") as server:
        answers = [server.post("/predict", {"X": [1, 2]}).json() for _ in range(3)]

    assert answers == [{"Y": [2, 3]}] * 3


def test_a_sample_shows_what_comes_out(strict: Server) -> None:
    found = strict.get("/v2/models/strict").json()

    assert found["outputs"] == [{"name": "OUTPUT__0", "datatype": "FP32", "shape": [-1, 2]}]
    assert strict.post("/predict", {"X": [4, 9]}).json() == {"OUTPUT__0": [2, 3]}


def test_a_program_that_fails_tells_why_and_shows_no_trace(strict: Server) -> None:
    refused = strict.post("/predict", {"X": [-1, 1]})

    assert refused.status_code == 500
    assert "negative numbers have no root" in refused.json()["error"]
    for trace in ("Traceback", "File", "__torch__", "\n"):
        assert trace not in refused.json()["error"]
    assert strict.post("/predict", {"X": [1, 1]}).status_code == 200


def test_code_is_not_loaded_unless_whoever_runs_it_says_so(root: TorchRoot) -> None:
    said = failure(root, "scores")

    assert "FormatRejected: the file is TorchScript, which is code" in said
    assert "--allow-torchscript" in said


def test_weights_without_a_program_are_refused_unread(root: TorchRoot) -> None:
    said = failure(root, "weights", "--allow-torchscript")

    assert "FormatRejected: the file is no ONNX model: it is a zip archive, as PyTorch" in said


def test_a_program_without_a_signature_says_where_to_put_one(root: TorchRoot) -> None:
    bare = root.shared / "bare.pt"
    bare.write_bytes((root.shared / "scores.pt").read_bytes())

    said = failure(root, "bare", "--allow-torchscript")

    assert "bare.signature.yaml" in said
    assert "bare.sample.json" in said


LIES = {
    "output 'label' is int64 [1], its signature says FP32": SCORES.replace("INT64", "FP32"),
    "its signature says FP32 [-1, 2]": SCORES.replace("rows, 3", "rows, 2"),
    "mat1 and mat2 shapes cannot be multiplied": SCORES.replace("rows, 4", "rows, 5"),
    "the program gives 2 outputs, its signature has 1": SCORES.rpartition("  -")[0],
    "'label' is BYTES, which is not served": SCORES.replace("INT64", "BYTES"),
    "is no signature: outputs.1.datatype": SCORES.replace("INT64", "LONG"),
}


def test_a_signature_that_is_not_the_programs_ends_the_start(root: TorchRoot) -> None:
    lying = root.shared / "lying.pt"
    lying.write_bytes((root.shared / "scores.pt").read_bytes())
    program = f"""
from pathlib import Path
from slipway_runtime.cli import main
path = Path({str(lying)!r})
for sidecar in {list(LIES.values())!r}:
    path.with_suffix(".signature.yaml").write_text(sidecar)
    try:
        main.main(["inspect", "--allow-torchscript", "true", str(path)])
    except SystemExit as error:
        assert error.code == 1
"""
    done = subprocess.run(root.python("-c", program), capture_output=True, text=True, check=True)

    said = done.stderr.strip().splitlines()
    assert len(said) == len(LIES)
    assert [words for words, line in zip(LIES, said, strict=True) if words not in line] == []


def test_a_gpu_that_is_not_there_is_never_replaced_in_silence(root: TorchRoot) -> None:
    said = failure(root, "scores", "--allow-torchscript", "--provider", "cuda")

    assert "AcceleratorMissing: cuda was asked for, and PyTorch finds no GPU" in said


def test_one_request_takes_one_thread_and_no_new_shape_is_compiled(root: TorchRoot) -> None:
    program = f"""
import time, numpy as np
from pathlib import Path
from slipway_runtime.engine import torchscript
from slipway_runtime.engine.settings import PLAIN
program = torchscript.load(Path({str(root.shared / "scores.pt")!r}), PLAIN, 1)
torch = torchscript.torch
print(torch.get_num_threads(), torch.get_num_interop_threads())
def took(rows):
    began = time.perf_counter()
    program.run([np.ones((rows, 4), np.float32)], None)
    return time.perf_counter() - began
for _ in range(3):
    took(1)
print(max(took(rows) for rows in range(2, 30)))
"""
    threads, slowest = root.run(program).splitlines()

    assert threads == "1 1"
    assert float(slowest) < 0.2


def test_many_sizes_of_request_do_not_make_it_grow(scores: Server) -> None:
    sizes = np.random.default_rng(1).integers(1, 2000, 80)

    def ask() -> int:
        for size in sizes:
            rows = infer(X=("FP32", [int(size), 4], [1.0] * int(size) * 4))
            assert scores.post("/v2/models/scores/infer", rows).status_code == 200
        status = Path(f"/proc/{scores.process.pid}/status").read_text()
        return int(status.partition("VmRSS:")[2].split()[0])

    first, second = ask(), ask()

    assert second < 1.05 * first


def test_it_drains_as_any_server_does(root: TorchRoot) -> None:
    with served(root, "scores", "--drain-seconds", "0") as server:
        server.tell(signal.SIGTERM)
        assert server.code() == 0
