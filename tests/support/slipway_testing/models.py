"""Small ONNX models made to measure, and files that only look like models."""

import hashlib
import pickle
from dataclasses import dataclass

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

OPSET = 21
COLUMNS = 4


@dataclass(frozen=True, slots=True)
class Artifact:
    """A file that a model store hands out: its name, its bytes, their digest."""

    name: str
    content: bytes

    @property
    def sha256(self) -> str:
        """Hex digest of the content."""
        return hashlib.sha256(self.content).hexdigest()


def adding(offset: float) -> Artifact:
    """Y = X + offset, X: float32 [N, 4]; the offset tells one version from another."""
    nodes = [helper.make_node("Add", ["X", "offset"], ["Y"])]
    constants = [numpy_helper.from_array(np.float32(offset).reshape(1), "offset")]
    return Artifact(f"adding-{offset:g}.onnx", _serialised(nodes, constants))


def swelling(gibibytes: int) -> Artifact:
    """A few hundred bytes on disk that need `gibibytes` of memory as soon as they are loaded."""
    rows = gibibytes * 2**30 // 4 // COLUMNS
    nodes = [
        helper.make_node("ConstantOfShape", ["shape"], ["huge"], value=_one()),
        helper.make_node("ReduceSum", ["huge"], ["total"], keepdims=0),
        helper.make_node("Add", ["X", "total"], ["Y"]),
    ]
    constants = [numpy_helper.from_array(np.array([rows, COLUMNS], np.int64), "shape")]
    return Artifact("swelling.onnx", _serialised(nodes, constants))


def escaping() -> Artifact:
    """A model whose weights are said to lie outside its folder."""
    weights = numpy_helper.from_array(np.zeros(COLUMNS, np.float32), "offset")
    onnx.external_data_helper.set_external_data(weights, location="../../etc/passwd")
    weights.ClearField("raw_data")
    weights.data_location = TensorProto.EXTERNAL
    nodes = [helper.make_node("Add", ["X", "offset"], ["Y"])]
    return Artifact("escaping.onnx", _serialised(nodes, [weights]))


def truncated() -> Artifact:
    """The first half of a good model."""
    whole = adding(1).content
    return Artifact("truncated.onnx", whole[: len(whole) // 2])


def pickled() -> Artifact:
    """A pickle that calls itself model.onnx."""
    return Artifact("pickled.onnx", pickle.dumps({"weights": [1.0, 2.0]}))


def _serialised(nodes: list[onnx.NodeProto], constants: list[TensorProto]) -> bytes:
    graph = helper.make_graph(
        nodes,
        "test",
        [helper.make_tensor_value_info("X", TensorProto.FLOAT, ["N", COLUMNS])],
        [helper.make_tensor_value_info("Y", TensorProto.FLOAT, ["N", COLUMNS])],
        constants,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=10)
    serialised: bytes = model.SerializeToString()
    return serialised


def _one() -> TensorProto:
    return numpy_helper.from_array(np.ones(1, np.float32))
