import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import TensorProto, helper

from runtime_testing import models
from runtime_testing.serving import environment
from slipway_runtime.engine import onnx
from slipway_runtime.engine.base import Engine
from slipway_runtime.errors import InferenceError, ModelError, Reason, RefusedError, StoppedError
from slipway_runtime.onnx_file.contents import NEWEST_IR, NEWEST_OPSETS
from slipway_runtime.signature import Datatype, TensorSpec


def load(save: Any, content: bytes) -> Engine:
    return onnx.load(save(content))


@pytest.mark.parametrize(
    ("kind", "datatype"),
    [
        (models.BOOL, Datatype.BOOL),
        (models.INT32, Datatype.INT32),
        (models.INT64, Datatype.INT64),
        (models.HALF, Datatype.FP16),
        (models.FLOAT, Datatype.FP32),
        (models.BFLOAT16, Datatype.BF16),
        (models.DOUBLE, Datatype.FP64),
        (models.STRING, Datatype.BYTES),
        (TensorProto.UINT8, Datatype.UINT8),
        (TensorProto.UINT16, Datatype.UINT16),
        (TensorProto.UINT32, Datatype.UINT32),
        (TensorProto.UINT64, Datatype.UINT64),
        (TensorProto.INT8, Datatype.INT8),
        (TensorProto.INT16, Datatype.INT16),
    ],
)
def test_a_tensor_of_every_datatype_goes_through(save: Any, kind: int, datatype: Datatype) -> None:
    engine = load(save, models.identity(kind, ("N", 2)))
    given = np.array([["a", "ü"]] if datatype is Datatype.BYTES else [[0, 1]], datatype.numpy)

    [found] = engine.run({"X": given}, ["Y"])

    assert engine.signature.inputs == (TensorSpec("X", datatype, ("N", 2)),)
    assert found.tolist() == given.tolist()
    assert found.dtype == given.dtype


@pytest.mark.parametrize("shape", [(0, 2), (3, 2)])
def test_bfloat16_goes_in_and_out_beside_other_types(save: Any, shape: tuple[int, int]) -> None:
    nodes = [
        helper.make_node("Cast", ["X"], ["wide"], to=models.FLOAT),
        helper.make_node("Add", ["wide", "W"], ["S"]),
        helper.make_node("Cast", ["S"], ["Y"], to=models.BFLOAT16),
    ]
    sizes = ("N", 2)
    content = models.model(
        nodes,
        [("X", models.BFLOAT16, sizes), ("W", models.FLOAT, sizes)],
        [("Y", models.BFLOAT16, sizes), ("S", models.FLOAT, sizes)],
    )
    engine = load(save, content)
    given = {"X": np.full(shape, 1.5, np.float32), "W": np.full(shape, 1 / 3, np.float32)}

    rounded, exact = engine.run(given, ["Y", "S"])

    assert (exact == given["X"] + given["W"]).all()
    assert rounded.shape == exact.shape == shape
    assert (abs(rounded - exact) < 0.005).all()
    assert (rounded != exact).all()


def test_bfloat16_beside_text_is_refused_in_words(save: Any) -> None:
    nodes = [
        helper.make_node("Identity", ["X"], ["Y"]),
        helper.make_node("Identity", ["T"], ["U"]),
    ]
    content = models.model(
        nodes,
        [("X", models.BFLOAT16, ("N",)), ("T", models.STRING, ("N",))],
        [("Y", models.BFLOAT16, ("N",)), ("U", models.STRING, ("N",))],
    )

    with pytest.raises(ModelError, match="both bfloat16 and text"):
        load(save, content)


@pytest.mark.parametrize("text", ["", "a\0b", "日本語", "x" * 100_000])
def test_text_of_any_kind_goes_through(save: Any, text: str) -> None:
    engine = load(save, models.identity(models.STRING, ("N",)))

    assert engine.run({"X": np.array([text], object)}, ["Y"])[0].tolist() == [text]


def test_a_batch_of_no_rows_is_answered_by_no_rows(save: Any) -> None:
    engine = load(save, models.adder())
    nothing = np.empty((0, 4), np.float32)

    assert engine.run({"A": nothing, "B": nothing}, ["SUM"])[0].shape == (0, 4)


def test_sizes_that_are_free_keep_their_names_unless_these_mean_nothing(save: Any) -> None:
    named = load(save, models.identity(shape=("batch", None, "unk__7")))

    assert named.signature.inputs[0].shape == ("batch", None, None)


def test_only_the_outputs_asked_for_are_computed(save: Any) -> None:
    engine = load(save, models.adder())
    one = np.ones((1, 4), np.float32)

    assert len(engine.run({"A": one, "B": one}, ["DIFFERENCE"])) == 1


def test_what_the_model_itself_refuses_is_the_requests_fault(save: Any) -> None:
    engine = load(save, models.identity())

    with pytest.raises(RefusedError, match=r"the model refuses the request: .*rank"):
        engine.run({"X": np.ones(3, np.float32)}, ["Y"])


def test_a_failure_inside_the_model_has_no_paths_of_its_build(save: Any) -> None:
    engine = load(save, models.picky())

    with pytest.raises((InferenceError, RefusedError)) as caught:
        engine.run({"X": np.array([[9]])}, ["Y"])
    assert "onnxruntime_src" not in str(caught.value)
    assert "ONNXRuntimeError" not in str(caught.value)


def test_a_model_without_kernels_for_its_operators_is_refused(save: Any) -> None:
    node = helper.make_node("Nonsense", ["X"], ["Y"], domain="com.example")
    content = models.model(
        [node],
        [("X", models.FLOAT, (1,))],
        [("Y", models.FLOAT, (1,))],
        opsets={"": 18, "com.example": 1},
    )

    with pytest.raises(ModelError) as caught:
        load(save, content)
    assert caught.value.reason is Reason.LOAD_FAILED
    assert "Nonsense" in caught.value.message


def test_a_zipmap_is_refused_with_the_way_to_export_without(save: Any) -> None:
    with pytest.raises(ModelError, match="zipmap") as caught:
        load(save, models.zipmapped())
    assert caught.value.reason is Reason.LOAD_FAILED


def test_an_element_type_without_a_name_in_the_protocol_is_refused(save: Any) -> None:
    with pytest.raises(ModelError, match="float8e4m3fn"):
        load(save, models.identity(TensorProto.FLOAT8E4M3FN))


def test_nothing_is_reported_to_anybody_and_nothing_left_on_the_disk(
    save: Any, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    program = (
        "import sys, time; from pathlib import Path; from slipway_runtime.engine import onnx;"
        "onnx.load(Path(sys.argv[1])); time.sleep(0.2)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(save(models.identity()))],
        env={**environment(), "HOME": str(home)},
        capture_output=True,
        text=True,
        check=True,
    )

    assert list(home.iterdir()) == []
    assert "telemetry" not in done.stderr


@pytest.mark.parametrize("domain", ["", "ai.onnx.ml"])
def test_the_supported_opsets_are_those_of_the_installed_onnxruntime(
    save: Any, domain: str
) -> None:
    newest = NEWEST_OPSETS[domain]

    load(save, relu({"": 18, domain: newest}))
    with pytest.raises(ModelError):
        load(save, relu({"": 18, domain: newest + 1}))


def test_the_supported_ir_version_is_that_of_the_installed_onnxruntime(save: Any) -> None:
    load(save, relu({"": 18}, NEWEST_IR))
    with pytest.raises(ModelError):
        load(save, relu({"": 18}, NEWEST_IR + 1))


def relu(opsets: dict[str, int], ir_version: int = 9) -> bytes:
    return models.model(
        [helper.make_node("Relu", ["X"], ["Y"])],
        [("X", models.FLOAT, (1,))],
        [("Y", models.FLOAT, (1,))],
        opsets=opsets,
        ir_version=ir_version,
    )


def test_a_run_ends_when_its_token_says_so(save: Any) -> None:
    engine = load(save, models.busy())
    token = engine.cancel_token()
    assert token is not None
    threading.Timer(0.2, setattr, (token, "terminate", True)).start()
    started = time.monotonic()

    with pytest.raises(StoppedError):
        engine.run({"rounds": np.array([[10**9]])}, ["Y", "final"], token)

    assert time.monotonic() - started < 10
    assert engine.run({"rounds": np.array([[1]])}, ["Y"], engine.cancel_token())


def test_a_token_that_came_first_keeps_the_run_from_beginning(save: Any) -> None:
    engine = load(save, models.busy())
    token = engine.cancel_token()
    assert token is not None
    token.terminate = True

    with pytest.raises(StoppedError):
        engine.run({"rounds": np.array([[10**9]])}, ["Y"], token)
