"""The models that are measured, made here and the same on every machine, with one request each.

Small on purpose: what differs between servers is everything but the model.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

Array = NDArray[np.float32]
Shape = Sequence[int | str]

INPUT, OUTPUT = "x", "y"
_SEED = 20240229


@dataclass(frozen=True, slots=True)
class Sample:
    """A model's file, the tensor every client sends, and the right answer to it."""

    name: str
    path: Path
    given: Array
    expected: Array


@dataclass(frozen=True, slots=True)
class _Layers:
    """Nodes and weights of a chain, as they are added."""

    nodes: list[Any]
    weights: list[Any]

    def add(self, kind: str, weights: Sequence[Array | NDArray[np.int64]] = (), **how: Any) -> None:
        step = len(self.nodes)
        names = [f"w{step}_{i}" for i in range(len(weights))]
        before = f"h{step - 1}" if step else INPUT
        self.nodes.append(helper.make_node(kind, [before, *names], [f"h{step}"], **how))
        self.weights.extend(map(numpy_helper.from_array, weights, names))


def _dense(layers: _Layers, random: np.random.Generator, sizes: Sequence[int]) -> None:
    for depth, (width, height) in enumerate(pairwise(sizes)):
        if depth:
            layers.add("Relu")
        layers.add("Gemm", [_normal(random, width, height), _normal(random, height)])


def _iris(layers: _Layers, random: np.random.Generator) -> None:
    _dense(layers, random, (4, 3))
    layers.add("Softmax", axis=-1)


def _mlp(layers: _Layers, random: np.random.Generator) -> None:
    _dense(layers, random, (256, 512, 512, 10))


def _convolutional(layers: _Layers, random: np.random.Generator) -> None:
    """The network of many a first lesson on MNIST."""
    for before, after in ((1, 32), (32, 64)):
        weights = [_normal(random, after, before, 5, 5), _normal(random, after)]
        layers.add("Conv", weights, pads=[2, 2, 2, 2])
        layers.add("Relu")
        layers.add("MaxPool", kernel_shape=[2, 2], strides=[2, 2])
    layers.add("Flatten", axis=1)
    _dense(layers, random, (64 * 7 * 7, 1024, 10))


def _image(layers: _Layers, _: np.random.Generator) -> None:
    layers.add("ReduceMean", [np.array([2, 3], np.int64)], keepdims=0)


def _normal(random: np.random.Generator, *shape: int) -> Array:
    return np.asarray(random.standard_normal(shape) / np.sqrt(shape[0]), np.float32)


_MODELS: dict[str, tuple[Callable[[_Layers, np.random.Generator], None], Shape, Shape]] = {
    "iris": (_iris, ("N", 4), ("N", 3)),
    "mlp": (_mlp, ("N", 256), ("N", 10)),
    "convolutional": (_convolutional, ("N", 1, 28, 28), ("N", 10)),
    "image": (_image, ("N", 3, 224, 224), ("N", 3)),
}


NAMES = tuple(_MODELS)


def make(name: str, folder: Path) -> Sample:
    """Write one model and compute what it answers to one request."""
    build, takes, gives = _MODELS[name]
    random = np.random.default_rng(_SEED)
    layers = _Layers([], [])
    build(layers, random)
    path = folder / f"{name}.onnx"
    path.write_bytes(_assemble(layers, takes, gives))
    given = np.asarray(random.standard_normal([1, *map(int, takes[1:])]), np.float32)
    return Sample(name, path, given, _answer(path, given))


def _assemble(layers: _Layers, takes: Shape, gives: Shape) -> bytes:
    layers.nodes[-1].output[0] = OUTPUT
    graph = helper.make_graph(
        layers.nodes,
        "benchmark",
        [helper.make_tensor_value_info(INPUT, TensorProto.FLOAT, takes)],
        [helper.make_tensor_value_info(OUTPUT, TensorProto.FLOAT, gives)],
        layers.weights,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    onnx.checker.check_model(model)
    serialised: bytes = model.SerializeToString()
    return serialised


def _answer(path: Path, given: Array) -> Array:
    from onnxruntime import InferenceSession

    session = InferenceSession(str(path), providers=["CPUExecutionProvider"])
    (answer,) = session.run([OUTPUT], {INPUT: given})
    return np.asarray(answer, np.float32)
