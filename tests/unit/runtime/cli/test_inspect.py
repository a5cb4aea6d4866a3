import json
from pathlib import Path
from typing import Any

import pytest

from runtime_testing import models
from slipway_runtime.cli import main as cli

ROOT = Path(__file__).parents[4]
IRIS = ROOT / "deploy" / "examples" / "iris" / "model.onnx"


def inspected(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    cli.main(["inspect", *arguments])
    return capsys.readouterr().out


def test_a_person_reads_what_the_model_takes_and_gives(capsys: pytest.CaptureFixture[str]) -> None:
    said = inspected(capsys, str(IRIS))

    assert "model.onnx: ONNX, 669 bytes" in said
    assert "made by    skl2onnx" in said
    assert "takes      measurements   FP32    [any, 4]" in said
    assert "probabilities  FP32    [any, 3]" in said
    assert """curl localhost:8080/predict -d '{"measurements":[1.0,1.0,1.0,1.0]}'""" in said
    assert "curl localhost:8080/v2/models/model/infer -d '{" in said


def test_a_program_reads_json(capsys: pytest.CaptureFixture[str]) -> None:
    found = json.loads(inspected(capsys, str(IRIS), "--json"))

    assert found["inputs"] == [
        {"name": "measurements", "datatype": "FP32", "shape": [-1, 4], "dimensions": [None, 4]}
    ]
    assert found["opsets"]["ai.onnx.ml"] == 1
    assert found["predict"] == {"measurements": [1.0] * 4}


def test_the_names_of_features_are_used(capsys: pytest.CaptureFixture[str]) -> None:
    rule = [{"name": "measurements", "features": ["a", "b", "c", "d"], "range": [0, 8]}]

    said = inspected(capsys, str(IRIS), "--inputs", json.dumps(rule), "--request", "predict")

    assert json.loads(said) == {"a": 4.0, "b": 4.0, "c": 4.0, "d": 4.0}


def test_a_request_too_long_for_a_line_is_piped(
    save: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    path = save(models.identity(shape=("N", 3, 64, 64)))

    said = inspected(capsys, str(path))
    request = json.loads(inspected(capsys, str(path), "--request", "infer"))

    assert f"slipway-runtime inspect {path} --request infer | curl" in said
    assert max(map(len, said.splitlines())) < 300
    assert request["inputs"][0]["shape"] == [1, 3, 64, 64]


def test_what_json_cannot_carry_is_said(save: Any, capsys: pytest.CaptureFixture[str]) -> None:
    said = inspected(capsys, str(save(models.identity(models.HALF))))

    assert "FP16 or BF16 inputs go as binary tensors only" in said


def test_what_serve_refuses_is_refused_in_its_words(
    save: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        cli.main(["inspect", str(save(b"\x80\x04."))])
    assert "FormatRejected: the file is no ONNX model: it is a Python pickle" in (
        capsys.readouterr().err
    )
