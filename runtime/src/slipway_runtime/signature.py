"""What a model takes and gives: names, datatypes and shapes, in the words of the protocol.

Pure data; knows neither an inference library nor HTTP.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import numpy as np
import numpy.typing as npt

Tensor = npt.NDArray[Any]
Dim = int | str | None
"""A fixed size, a named size that is equal wherever its name appears, or any size."""


class Datatype(StrEnum):
    """The Open Inference Protocol's names for element types."""

    BOOL = "BOOL"
    UINT8 = "UINT8"
    UINT16 = "UINT16"
    UINT32 = "UINT32"
    UINT64 = "UINT64"
    INT8 = "INT8"
    INT16 = "INT16"
    INT32 = "INT32"
    INT64 = "INT64"
    FP16 = "FP16"
    FP32 = "FP32"
    FP64 = "FP64"
    BYTES = "BYTES"
    BF16 = "BF16"

    @property
    def numpy(self) -> np.dtype[Any]:
        """The array type that carries it: text is an object array of `str`, BF16 is float32."""
        return _NUMPY[self]

    @property
    def size(self) -> int:
        """Bytes of one element on the wire; no meaning for text."""
        return 2 if self is Datatype.BF16 else self.numpy.itemsize

    @property
    def is_float(self) -> bool:
        """Whether it can carry NaN."""
        return self.numpy.kind == "f"

    @property
    def is_number(self) -> bool:
        """Whether it has an order, so that a range makes sense."""
        return self.numpy.kind in "fiu"


NOT_IN_JSON = frozenset({Datatype.FP16, Datatype.BF16})
"""What the protocol's JSON has no way to carry."""

_NUMPY = {
    Datatype.BOOL: np.dtype(np.bool_),
    Datatype.UINT8: np.dtype(np.uint8),
    Datatype.UINT16: np.dtype(np.uint16),
    Datatype.UINT32: np.dtype(np.uint32),
    Datatype.UINT64: np.dtype(np.uint64),
    Datatype.INT8: np.dtype(np.int8),
    Datatype.INT16: np.dtype(np.int16),
    Datatype.INT32: np.dtype(np.int32),
    Datatype.INT64: np.dtype(np.int64),
    Datatype.FP16: np.dtype(np.float16),
    Datatype.FP32: np.dtype(np.float32),
    Datatype.FP64: np.dtype(np.float64),
    Datatype.BYTES: np.dtype(np.object_),
    Datatype.BF16: np.dtype(np.float32),
}


@dataclass(frozen=True, slots=True)
class TensorSpec:
    """One input or output of a model."""

    name: str
    datatype: Datatype
    shape: tuple[Dim, ...]
    sizes: tuple[int, ...] = field(init=False, repr=False, compare=False)
    """The shape with -1 for a size that the request chooses."""

    def __post_init__(self) -> None:
        sizes = tuple(dim if isinstance(dim, int) else -1 for dim in self.shape)
        object.__setattr__(self, "sizes", sizes)

    @property
    def wire_shape(self) -> list[int]:
        """The shape as the protocol writes it: -1 for a size that the request chooses."""
        return list(self.sizes)

    @property
    def batched(self) -> bool:
        """Whether the first dimension counts rows: free, or exactly one."""
        return bool(self.shape) and self.wire_shape[0] in (-1, 1)

    def admits(self, shape: Sequence[int]) -> bool:
        """Whether a tensor of this shape fits, names of dimensions aside."""
        return len(shape) == len(self.shape) and all(
            declared in (-1, given) for declared, given in zip(self.sizes, shape, strict=True)
        )


@dataclass(frozen=True, slots=True)
class Signature:
    """All inputs and outputs of a model, in its own order."""

    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]

    @property
    def row_wise(self) -> bool:
        """Whether requests are lists of rows: every tensor counts rows in its first dimension."""
        if not self.inputs or not all(spec.batched for spec in self.inputs):
            return False
        rows = self.inputs[0].shape[0]
        return all(_counts_rows(spec, rows) for spec in self.outputs)

    @property
    def single_row(self) -> bool:
        """Whether the model takes exactly one row at a time."""
        return any(spec.wire_shape[:1] == [1] for spec in self.inputs)


def _counts_rows(output: TensorSpec, rows: Dim) -> bool:
    if not output.shape:
        return True  # onnxruntime says so too of an output whose rank nobody knows
    given = output.shape[0]
    unnamed = given is None or rows is None
    return given == rows or (unnamed and not isinstance(given, int) and not isinstance(rows, int))


def clash(specs: Sequence[TensorSpec], shapes: Sequence[Sequence[int]]) -> str | None:
    """Say which named dimension has two sizes in one request, if one has."""
    sizes: dict[str, tuple[int, str]] = {}
    for spec, shape in zip(specs, shapes, strict=True):
        for dim, size in zip(spec.shape, shape, strict=True):
            if not isinstance(dim, str):
                continue
            known, owner = sizes.setdefault(dim, (size, spec.name))
            if known != size:
                return (
                    f"dimension '{dim}' is {known} in input '{owner}' "
                    f"but {size} in input '{spec.name}'; both must be equal"
                )
    return None
