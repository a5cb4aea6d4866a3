from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from runtime_testing import models
from slipway_runtime.errors import ModelError, Reason
from slipway_runtime.onnx_file.contents import NEWEST_IR, NEWEST_OPSETS, inspect
from slipway_runtime.onnx_file.walk import read
from slipway_runtime.onnx_file.wire import AbsurdError, MalformedError

ROOT = Path(__file__).parents[4]
EXAMPLES = sorted((ROOT / "deploy" / "examples").glob("*/model*.onnx"))
WHOLE = models.classifier()


def refusal(path: Path) -> str:
    with pytest.raises(ModelError) as caught:
        inspect(path)
    assert caught.value.reason is Reason.FORMAT_REJECTED
    return caught.value.message


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_real_models_are_read_as_the_onnx_library_reads_them(path: Path) -> None:
    theirs = onnx.load(path)

    ours = inspect(path)

    assert ours.ir_version == theirs.ir_version
    assert ours.opsets == {entry.domain: entry.version for entry in theirs.opset_import}
    assert not ours.external


def test_there_are_real_models_to_read() -> None:
    assert EXAMPLES


def external(name: str) -> Any:
    tensor = numpy_helper.from_array(np.zeros(4, np.float32), name)
    onnx.external_data_helper.set_external_data(tensor, location=f"{name}.bin")
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    return tensor


def test_weights_elsewhere_are_found_wherever_a_model_can_hide_them() -> None:
    """In initializers, attributes, subgraphs, sparse tensors, functions and training graphs."""
    inner = helper.make_graph([], "inner", [], [], [external("in-subgraph")])
    sparse = onnx.SparseTensorProto(
        values=external("in-sparse-values"), indices=external("in-sparse-indices"), dims=[4]
    )
    node = helper.make_node("If", ["c"], ["y"], then_branch=inner, value=external("in-attribute"))
    node.attribute.append(helper.make_attribute("many", [external("in-tensors")]))
    node.attribute.append(
        helper.make_attribute(
            "graphs", [helper.make_graph([], "g", [], [], [external("in-graphs")])]
        )
    )
    node.attribute.append(helper.make_attribute("sparse", sparse))
    graph = helper.make_graph([node], "outer", [], [], [external("in-initializer")])
    graph.sparse_initializer.append(
        onnx.SparseTensorProto(values=external("in-sparse-initializer"), dims=[4])
    )
    model = helper.make_model(graph)
    function = helper.make_function(
        "d",
        "f",
        [],
        [],
        [helper.make_node("Constant", [], ["c"], value=external("in-function"))],
        [],
    )
    function.attribute_proto.append(helper.make_attribute("default", external("in-default")))
    model.functions.append(function)
    model.training_info.append(
        onnx.TrainingInfoProto(
            algorithm=helper.make_graph([], "t", [], [], [external("in-training")])
        )
    )

    found = read(model.SerializeToString()).external

    assert found == {
        f"{name}.bin": 16
        for name in (
            "in-subgraph",
            "in-sparse-values",
            "in-sparse-indices",
            "in-attribute",
            "in-tensors",
            "in-graphs",
            "in-initializer",
            "in-sparse-initializer",
            "in-function",
            "in-default",
            "in-training",
        )
    }


@given(st.integers(1, len(WHOLE) - 1))
def test_a_model_cut_anywhere_is_never_taken_for_a_whole_one(length: int) -> None:
    cut = WHOLE[:length]
    with suppress(MalformedError):
        contents = read(cut)
        assert not (contents.has_graph and contents.opsets)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    with suppress(MalformedError):
        read(content)


@given(st.integers(0, len(WHOLE) - 1), st.integers(0, 255))
def test_a_model_with_any_byte_changed_is_read_or_refused(place: int, byte: int) -> None:
    with suppress(MalformedError):
        read(WHOLE[:place] + bytes([byte]) + WHOLE[place + 1 :])


def test_graphs_nested_without_end_are_refused() -> None:
    graph = b""
    for _ in range(200):
        graph = field(1, field(5, field(6, graph)))

    with pytest.raises(AbsurdError, match="too deep"):
        read(field(7, graph))


def field(number: int, content: bytes) -> bytes:
    length, head = len(content), bytes([number << 3 | 2])
    while length > 127:
        head += bytes([length & 127 | 128])
        length >>= 7
    return head + bytes([length]) + content


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (WHOLE[: len(WHOLE) // 2], "truncated or damaged"),
        (b"hello, I am a model", "no ONNX model"),
        (b"\x00" * 100, "no ONNX model"),
        (b"\x08\x09", "no graph, IR version or opset"),
    ],
)
def test_what_is_no_model_is_refused_in_words(save: Any, content: bytes, words: str) -> None:
    assert words in refusal(save(content))


def test_a_model_from_the_future_is_refused_with_what_to_do(save: Any) -> None:
    nodes = [helper.make_node("Relu", ["X"], ["Y"])]
    tensors = [("X", models.FLOAT, (1,))], [("Y", models.FLOAT, (1,))]
    newest = NEWEST_OPSETS[""]

    opset = refusal(save(models.model(nodes, *tensors, opsets={"": newest + 1})))
    ml = refusal(save(models.model(nodes, *tensors, opsets={"": 18, "ai.onnx.ml": 99})))
    ir = refusal(save(models.model(nodes, *tensors, ir_version=NEWEST_IR + 1)))

    assert f"ONNX opset {newest + 1}, this runtime knows up to {newest}" in opset
    assert f"target_opset={newest}" in opset
    assert "ai.onnx.ml opset 99" in ml
    assert f"IR version {NEWEST_IR + 1}" in ir
