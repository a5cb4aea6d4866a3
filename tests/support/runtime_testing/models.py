"""ONNX models made to measure, from single nodes."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

FLOAT, DOUBLE, HALF = TensorProto.FLOAT, TensorProto.DOUBLE, TensorProto.FLOAT16
INT32, INT64, UINT8 = TensorProto.INT32, TensorProto.INT64, TensorProto.UINT8
BOOL, STRING, BFLOAT16 = TensorProto.BOOL, TensorProto.STRING, TensorProto.BFLOAT16

Shape = Sequence[int | str | None]
Tensor = tuple[str, int, Shape]


def model(
    nodes: Sequence[Any],
    inputs: Sequence[Tensor],
    outputs: Sequence[Tensor],
    constants: Sequence[Any] = (),
    opsets: dict[str, int] | None = None,
    ir_version: int = 9,
) -> bytes:
    """Assemble and serialise a model."""
    graph = helper.make_graph(
        list(nodes),
        "test",
        [helper.make_tensor_value_info(*tensor) for tensor in inputs],
        [helper.make_tensor_value_info(*tensor) for tensor in outputs],
        list(constants),
    )
    imports = [helper.make_opsetid(*pair) for pair in (opsets or {"": 18}).items()]
    made = helper.make_model(graph, opset_imports=imports, ir_version=ir_version)
    serialised: bytes = made.SerializeToString()
    return serialised


def identity(kind: int = FLOAT, shape: Shape = ("N", 4)) -> bytes:
    """Y = X."""
    return model(
        [helper.make_node("Identity", ["X"], ["Y"])], [("X", kind, shape)], [("Y", kind, shape)]
    )


def adder(kind: int = FLOAT, shape: Shape = ("N", 4)) -> bytes:
    """SUM = A + B, DIFFERENCE = A - B."""
    nodes = [
        helper.make_node("Add", ["A", "B"], ["SUM"]),
        helper.make_node("Sub", ["A", "B"], ["DIFFERENCE"]),
    ]
    return model(
        nodes,
        [("A", kind, shape), ("B", kind, shape)],
        [("SUM", kind, shape), ("DIFFERENCE", kind, shape)],
    )


def classifier() -> bytes:
    """A label and three probabilities for four features, as skl2onnx writes them."""
    weights = np.eye(4, 3, dtype=np.float32)
    nodes = [
        helper.make_node("MatMul", ["X", "weights"], ["scores"]),
        helper.make_node("Softmax", ["scores"], ["probabilities"], axis=-1),
        helper.make_node("ArgMax", ["scores"], ["label"], axis=-1, keepdims=0),
    ]
    return model(
        nodes,
        [("X", FLOAT, (None, 4))],
        [("label", INT64, (None,)), ("probabilities", FLOAT, (None, 3))],
        [numpy_helper.from_array(weights, "weights")],
    )


def columns() -> bytes:
    """One input a feature, one of them text; the way skl2onnx exports a pipeline."""
    nodes = [
        helper.make_node("Add", ["age", "income"], ["score"]),
        helper.make_node("Identity", ["city"], ["echo"]),
    ]
    return model(
        nodes,
        [("age", FLOAT, (None, 1)), ("income", FLOAT, (None, 1)), ("city", STRING, (None, 1))],
        [("score", FLOAT, (None, 1)), ("echo", STRING, (None, 1))],
    )


def busy() -> bytes:
    """Keeps one thread busy for as many rounds as the request says; Y = the rounds."""
    size = 128
    body = helper.make_graph(
        [
            helper.make_node("Identity", ["go"], ["go_on"]),
            helper.make_node("MatMul", ["state", "matrix"], ["next_state"]),
        ],
        "body",
        [
            helper.make_tensor_value_info("round", INT64, []),
            helper.make_tensor_value_info("go", BOOL, []),
            helper.make_tensor_value_info("state", FLOAT, [size, size]),
        ],
        [
            helper.make_tensor_value_info("go_on", BOOL, []),
            helper.make_tensor_value_info("next_state", FLOAT, [size, size]),
        ],
    )
    nodes = [
        helper.make_node("Squeeze", ["rounds"], ["count"]),
        helper.make_node("Loop", ["count", "true", "matrix"], ["final"], body=body),
        helper.make_node("Identity", ["rounds"], ["Y"]),
    ]
    constants = [
        numpy_helper.from_array(np.array(True), "true"),
        numpy_helper.from_array(np.eye(size, dtype=np.float32), "matrix"),
    ]
    outputs: list[Tensor] = [("Y", INT64, (1, 1)), ("final", FLOAT, (size, size))]
    return model(nodes, [("rounds", INT64, (1, 1))], outputs, constants)


def picky() -> bytes:
    """Fails on every request but those whose values are all indices below 3."""
    table = numpy_helper.from_array(np.array([10, 20, 30], np.float32), "table")
    return model(
        [helper.make_node("Gather", ["table", "X"], ["Y"])],
        [("X", INT64, ("N", 1))],
        [("Y", FLOAT, ("N", 1))],
        [table],
    )


def zipmapped() -> bytes:
    """A classifier that answers with dictionaries, skl2onnx's default."""
    graph = helper.make_graph(
        [helper.make_node("ZipMap", ["X"], ["Y"], domain="ai.onnx.ml", classlabels_int64s=[0, 1])],
        "test",
        [helper.make_tensor_value_info("X", FLOAT, [None, 2])],
        [
            helper.make_value_info(
                "Y",
                helper.make_sequence_type_proto(
                    helper.make_map_type_proto(INT64, helper.make_tensor_type_proto(FLOAT, []))
                ),
            )
        ],
    )
    imports = [helper.make_opsetid("", 18), helper.make_opsetid("ai.onnx.ml", 3)]
    made = helper.make_model(graph, opset_imports=imports, ir_version=9)
    serialised: bytes = made.SerializeToString()
    return serialised


def outside(location: str) -> bytes:
    """Y = X + weights, which are said to lie in another file."""
    weights = numpy_helper.from_array(np.arange(4, dtype=np.float32), "weights")
    onnx.external_data_helper.set_external_data(weights, location=location)
    weights.ClearField("raw_data")
    weights.data_location = TensorProto.EXTERNAL
    return model(
        [helper.make_node("Add", ["X", "weights"], ["Y"])],
        [("X", FLOAT, ("N", 4))],
        [("Y", FLOAT, ("N", 4))],
        [weights],
    )


WEIGHTS = np.arange(4, dtype=np.float32).tobytes()
"""What `outside` wants to find in its other file."""


def table(size: int, value: float) -> bytes:
    """Y = that value, whatever index below the size is asked for; four bytes for each."""
    numbers = numpy_helper.from_array(np.full(size, value, np.float32), "table")
    return model(
        [helper.make_node("Gather", ["table", "X"], ["Y"])],
        [("X", INT64, ("N", 1))],
        [("Y", FLOAT, ("N", 1))],
        [numbers],
    )
