"""JSON values to tensors and back, without any of numpy's silent conversions.

numpy would turn 2.7 into 2, "false" into True and 300 into 44. Here each of these is an error
that names the element. Knows nothing of requests: callers say in their own words where it is.
"""

from collections.abc import Sequence
from itertools import chain
from typing import Any, NoReturn

import numpy as np

from slipway_runtime.signature import Datatype, Tensor

_ACCEPTS: dict[str, frozenset[type]] = {
    "f": frozenset({float, int, type(None)}),
    "i": frozenset({int}),
    "u": frozenset({int}),
    "b": frozenset({bool}),
    "O": frozenset({str}),
}
_WANTS = {"f": "a number", "i": "a whole number", "u": "a whole number", "b": "true or false"}
_NAMES = {
    bool: "true/false",
    str: "text",
    float: "a decimal number",
    int: "a number",
    list: "a list",
    dict: "an object",
    type(None): "null",
}


class ElementError(Exception):
    """One value does not fit; `index` is its place in the flat, row-major list."""

    def __init__(self, index: int, message: str) -> None:
        super().__init__(message)
        self.index = index
        self.message = message


class ShapeError(Exception):
    """The nesting of the lists is not the shape; `path` leads to the list that is wrong."""

    def __init__(self, path: tuple[int, ...], message: str) -> None:
        super().__init__(message)
        self.path = path
        self.message = message


def flatten(data: Sequence[Any], shape: Sequence[int]) -> list[Any]:
    """Flatten nested lists that must have exactly this shape, of one dimension or more."""
    level = list(data)
    _expect_length(len(level), shape[0], ())
    for depth, size in enumerate(shape[1:], start=1):
        if not set(map(type, level)) <= {list} or not set(map(len, level)) <= {size}:
            _name_bad_list(level, shape[:depth], size)
        level = list(chain.from_iterable(level))
    return level


def _name_bad_list(level: list[Any], above: Sequence[int], size: int) -> NoReturn:
    for index, item in enumerate(level):
        path = unravel(index, above)
        if type(item) is not list:
            raise ShapeError(path, f"{describe(item)} where a list of {size} values belongs")
        _expect_length(len(item), size, path)
    raise AssertionError("called without a bad list")


def _expect_length(length: int, size: int, path: tuple[int, ...]) -> None:
    if length != size:
        raise ShapeError(path, f"{length} values where {size} belong")


def unravel(index: int, shape: Sequence[int]) -> tuple[int, ...]:
    """Turn a flat, row-major index into one index a dimension."""
    place: list[int] = []
    for size in reversed(shape):
        index, rest = divmod(index, size)
        place.append(rest)
    return tuple(reversed(place))


def to_array(flat: list[Any], datatype: Datatype) -> Tensor:
    """Convert a flat list exactly; null is NaN where the datatype has one."""
    dtype = datatype.numpy
    if not _ACCEPTS[dtype.kind].issuperset(map(type, flat)):
        _name_wrong_type(flat, datatype)
    try:
        with np.errstate(over="raise"):
            return np.array(flat, dtype)
    except (OverflowError, FloatingPointError):
        _name_overflow(flat, datatype)


def _name_wrong_type(flat: list[Any], datatype: Datatype) -> NoReturn:
    kind = datatype.numpy.kind
    for index, value in enumerate(flat):
        if type(value) not in _ACCEPTS[kind]:
            wanted = _WANTS.get(kind, "text")
            raise ElementError(index, f"{describe(value)} where {datatype} takes {wanted}")
    raise AssertionError("called without a wrong type")


def _name_overflow(flat: list[Any], datatype: Datatype) -> NoReturn:
    for index, value in enumerate(flat):
        try:
            with np.errstate(over="raise"):
                np.array(value, datatype.numpy)
        except (OverflowError, FloatingPointError):
            raise ElementError(index, f"{value} is out of range for {datatype}") from None
    raise AssertionError("called without an overflow")


def describe(value: object) -> str:
    """Name a JSON value for an error message: short, and never the whole value."""
    name = _NAMES.get(type(value), type(value).__name__)
    if isinstance(value, (list, dict)) or value is None:
        return name
    text = str(value)
    return f"{name} ({text if len(text) <= 40 else text[:37] + '...'})"
