import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import helper, numpy_helper

from runtime_testing import models
from slipway_runtime.cli import main as cli
from slipway_runtime.engine import onnx
from slipway_runtime.signature import Datatype, TensorSpec
from slipway_runtime.tools.quantizing import difference

P = TensorSpec("P", Datatype.FP32, ("N", 3))
LABEL = TensorSpec("L", Datatype.BYTES, ("N",))


def mlp() -> bytes:
    generator = np.random.default_rng(7)
    weights = [
        numpy_helper.from_array(generator.standard_normal(shape).astype(np.float32), name)
        for name, shape in (("first", (32, 64)), ("second", (64, 3)))
    ]
    nodes = [
        helper.make_node("MatMul", ["X", "first"], ["hidden"]),
        helper.make_node("Relu", ["hidden"], ["active"]),
        helper.make_node("MatMul", ["active", "second"], ["scores"]),
        helper.make_node("Softmax", ["scores"], ["P"], axis=-1),
    ]
    return models.model(
        nodes, [("X", models.FLOAT, ("N", 32))], [("P", models.FLOAT, ("N", 3))], weights
    )


def quantized(path: Path, *options: str) -> Path:
    out = path.with_name("int8.onnx")
    cli.main(["quantize", str(path), str(out), *options])
    return out


def failure(capsys: pytest.CaptureFixture[str], path: Path, *options: str) -> str:
    with pytest.raises(SystemExit) as caught:
        quantized(path, *options)
    assert caught.value.code != 0
    assert not list(path.parent.glob("int8*"))
    return capsys.readouterr().err


def test_the_sibling_is_smaller_and_answers_nearly_the_same(
    save: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    path = save(mlp())

    out = quantized(path)

    said = capsys.readouterr().out
    assert out.stat().st_size < 0.6 * path.stat().st_size
    assert "rewritten  MatMul (2)" in said
    assert "P: differs by at most" in said
    assert "of 64 rows" in said
    assert "proves little; give real ones with --sample" in said
    feed = {"X": np.ones((1, 32), np.float32)}
    before, after = (onnx.load(file).run(feed, ["P"])[0] for file in (path, out))
    assert np.abs(before - after).max() < 0.1


@pytest.mark.parametrize(
    "sample",
    [
        b'[{"X": [' + b"1," * 31 + b'1]}, {"X": [' + b"0," * 31 + b"0]}]",
        b'{"inputs": [{"name": "X", "datatype": "FP32", "shape": [2, 32], "data": ['
        + b"1," * 63
        + b"1]}]}",
    ],
)
def test_a_users_own_rows_are_a_request_of_either_kind(
    save: Any, capsys: pytest.CaptureFixture[str], sample: bytes
) -> None:
    path = save(mlp())
    rows = path.with_name("rows.json")
    rows.write_bytes(sample)

    quantized(path, "--sample", str(rows))

    said = capsys.readouterr().out
    assert "of 2 rows" in said
    assert "--sample" not in said


def test_a_sample_that_does_not_fit_is_refused_and_nothing_written(
    save: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    path = save(mlp())
    rows = path.with_name("rows.json")
    rows.write_bytes(b'{"X": [1, 2]}')

    assert "the sample is no request for this model" in failure(capsys, path, "--sample", str(rows))


def test_a_model_with_nothing_to_rewrite_is_told(
    save: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "nothing in this model can be quantized: it has no Attention, Conv" in failure(
        capsys, save(models.adder())
    )


def test_without_the_onnx_package_the_extra_is_named(
    save: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime.quantization", None)

    assert "pip install '.[runtime,tools]'" in failure(capsys, save(mlp()))


def test_a_file_that_is_there_is_not_replaced_unasked(save: Any) -> None:
    path = save(mlp())
    quantized(path)

    with pytest.raises(SystemExit, match="--force replaces it"):
        quantized(path)
    assert quantized(path, "--force").exists()


def test_numbers_differ_by_their_largest_gap_and_rows_by_what_they_decide() -> None:
    before = np.array([[0.1, 0.9, 0.0], [0.5, 0.4, 0.1]], np.float32)
    after = np.array([[0.2, 0.8, 0.0], [0.4, 0.5, 0.1]], np.float32)

    found = difference(P, before, after)

    assert found.largest == pytest.approx(0.1)
    assert found.relative == pytest.approx(0.1 / 0.9)
    assert (found.agreeing, found.rows) == (1, 2)


def test_labels_are_the_same_or_not() -> None:
    found = difference(LABEL, np.array(["a", "b"], object), np.array(["a", "c"], object))

    assert (found.largest, found.agreeing, found.rows) == (None, 1, 2)


def test_an_output_of_no_rows_differs_in_nothing() -> None:
    nothing = np.empty((0, 3), np.float32)

    assert difference(P, nothing, nothing).largest == 0
