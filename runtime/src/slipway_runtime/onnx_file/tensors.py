"""What a tensor of a model declares, against what the file holds of it.

A few bytes can promise terabytes, and what reads them reserves these first.
"""

from dataclasses import dataclass, field
from math import prod
from typing import Final

from slipway_runtime.onnx_file.wire import BYTES, AbsurdError, Buffer, Field, fields, text, varints

_ELEMENTS_A_BYTE: Final = 4
"""The densest type holds two bits an element; text and numbers take a byte and more."""

_BITS: Final = {
    **dict.fromkeys((25, 26), 2),
    **dict.fromkeys((21, 22, 23), 4),
    **dict.fromkeys((2, 3, 9, 17, 18, 19, 20, 24), 8),
    **dict.fromkeys((4, 5, 10, 16), 16),
    **dict.fromkeys((1, 6, 12), 32),
    **dict.fromkeys((7, 11, 13, 14), 64),
    15: 128,
}
"""Of one element, by onnx.proto's number of its type."""

_MOST_DIMENSIONS: Final = 64
_MOST_DENSE: Final = 2**31


@dataclass(slots=True)
class Declared:
    """A tensor in the making, as its fields come."""

    name: str = ""
    type: int = 0
    shape: list[int] = field(default_factory=list)
    external: dict[str, str] = field(default_factory=dict)

    @property
    def elements(self) -> int:
        """Count them as the shape has it."""
        return prod(self.shape)

    def __str__(self) -> str:
        """Name it as an error should."""
        return f"the tensor '{self.name}' of shape {self.shape}"


def read_dense(buffer: Buffer, start: int, end: int) -> Declared:
    """Read a TensorProto's head; raise `AbsurdError` when it promises more than it holds."""
    tensor = Declared()
    for part in fields(buffer, start, end):
        match part.number, part.kind:
            case 1, _:
                _extend(tensor.shape, buffer, part)
            case 2, 0:
                tensor.type = part.value
            case 8, 2:
                tensor.name = text(buffer, part, 100)
            case 13, 2:
                tensor.external.update([_entry(buffer, part)])
    if not tensor.external and tensor.elements > _ELEMENTS_A_BYTE * (end - start):
        raise AbsurdError(
            f"{tensor} declares {tensor.elements} elements, and the file has {end - start} bytes "
            "for them"
        )
    return tensor


def expect_sensible_sparse(buffer: Buffer, start: int, end: int) -> None:
    """Refuse a SparseTensorProto that nobody could write out: that is what loading it does."""
    shape: list[int] = []
    for part in fields(buffer, start, end):
        if part.number == 3:
            _extend(shape, buffer, part)
    if prod(shape) > _MOST_DENSE:
        raise AbsurdError(f"a sparse tensor of shape {shape} has more than {_MOST_DENSE} elements")


def extent(tensor: Declared) -> tuple[str, int]:
    """Tell in which file a tensor's values are, and up to which byte."""
    location = tensor.external.get("location", "")
    held = tensor.elements * _BITS.get(tensor.type, 8) // 8
    offset, length = (_whole(tensor, key) for key in ("offset", "length"))
    if length is not None and length < held:
        raise AbsurdError(f"{tensor} takes {held} bytes, and {length} of '{location}' are its own")
    return location, (offset or 0) + (held if length is None else length)


def _whole(tensor: Declared, key: str) -> int | None:
    value = tensor.external.get(key)
    if value is None:
        return None
    if not (value.isascii() and value.isdigit() and len(value) < 20):
        raise AbsurdError(f"{tensor} has '{value[:20]}' as its {key} in another file")
    return int(value)


def _extend(shape: list[int], buffer: Buffer, part: Field) -> None:
    for size in varints(buffer, part):
        if size >= 2**63:
            raise AbsurdError(f"a tensor has a size below zero: {size - 2**64}")
        shape.append(size)
        if len(shape) > _MOST_DIMENSIONS:
            raise AbsurdError(f"a tensor has more than {_MOST_DIMENSIONS} dimensions")


def _entry(buffer: Buffer, part: Field) -> tuple[str, str]:
    key, value = "", ""
    for inner in fields(buffer, part.start, part.end):
        if inner.number == 1 and inner.kind == BYTES:
            key = text(buffer, inner)
        elif inner.number == 2 and inner.kind == BYTES:
            value = text(buffer, inner)
    return key, value
