"""The simple API: named features in, named outputs out, one row or a list of rows.

A model whose tensors all count rows takes `{"feature": value, ...}` or a list of such objects.
Any other model takes one object with whole tensors. Pure: bytes in, tensors out, and back.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, islice
from typing import Any

import numpy as np
import orjson

from slipway_runtime.codec.bounds import DEFAULT, Bounds
from slipway_runtime.codec.coercion import to_array_kindly
from slipway_runtime.codec.document import loads
from slipway_runtime.codec.elements import (
    ElementError,
    ShapeError,
    describe,
    flatten,
    unravel,
)
from slipway_runtime.errors import RefusedError, bad_request
from slipway_runtime.inference import Headers, Inference
from slipway_runtime.rules import Rules
from slipway_runtime.signature import Dim, Signature, Tensor, TensorSpec, clash


@dataclass(frozen=True, slots=True)
class Field:
    """What a client sends under one name: a whole input, or one column of it."""

    name: str
    spec: TensorSpec
    column: int | None


@dataclass(frozen=True, slots=True)
class Rows:
    """The tensors of a request, and whether it was a single object."""

    feed: dict[str, Tensor]
    single: bool


@dataclass(frozen=True)
class SimpleApi:
    """The simple API of one model."""

    signature: Signature
    rules: Rules
    bounds: Bounds = DEFAULT

    @cached_property
    def fields(self) -> tuple[Field, ...]:
        """All names that a row carries, in the model's order."""
        return tuple(
            chain.from_iterable(_fields(spec, self.rules) for spec in self.signature.inputs)
        )

    @cached_property
    def _names(self) -> dict[str, None]:
        return dict.fromkeys(field.name for field in self.fields)

    def read(self, body: bytes, batch: bool = False) -> "tuple[Inference, Reply]":
        """Read a request, and remember how its answer is written; a batch is always a list."""
        document = loads(body, self.bounds)
        if batch and not isinstance(document, list):
            raise bad_request(f"{describe(document)} where a list of rows belongs")
        rows = self.decode(document)
        self.bounds.check_elements(rows.feed)
        self.rules.check(rows.feed, lambda name, at: self.place(rows.single, name, at))
        return Inference(rows.feed, self.signature.outputs), Reply(self, rows)

    def decode(self, document: Any) -> Rows:
        """Make the model's inputs out of named features."""
        rows = document if isinstance(document, list) else [document]
        single = not isinstance(document, list)
        self._expect_rows(rows, single)
        for number, row in enumerate(rows):
            _expect_names(row, self._names, _row(number, single))
        feed = {spec.name: self._tensor(spec, rows, single) for spec in self.signature.inputs}
        if words := clash(self.signature.inputs, [array.shape for array in feed.values()]):
            raise bad_request(words)
        return Rows(feed, single)

    def _expect_rows(self, rows: Sequence[object], single: bool) -> None:
        if not rows:
            raise bad_request("the list of rows is empty")
        if not single and not self.signature.row_wise:
            raise bad_request("this model takes one object with whole tensors, not a list of rows")
        if len(rows) > 1 and self.signature.single_row:
            raise bad_request(f"this model takes one row at a time, the request has {len(rows)}")

    def _tensor(self, spec: TensorSpec, rows: Sequence[dict[str, Any]], single: bool) -> Tensor:
        if features := self.rules.features(spec.name):
            return _from_columns(spec, features, rows, single)
        if not self.signature.row_wise:
            whole = _from_values([rows[0][spec.name]], spec, spec.shape, single)
            return whole.reshape(whole.shape[1:])
        values = [row[spec.name] for row in rows]
        return _from_values(values, spec, spec.shape[1:], single)

    def place(self, single: bool, name: str, index: tuple[int, ...]) -> str:
        """Name an element of a tensor in the client's own words."""
        if not self.signature.row_wise:
            return f"'{name}'{list(index)}"
        features = self.rules.features(name)
        label = f"'{features[index[1]]}'" if features else f"'{name}'{_inside(index[1:])}"
        return _row(index[0], single) + label

    def encode(self, rows: Rows, tensors: Sequence[Tensor]) -> bytes:
        """Write named outputs: one object, or a list with one object a row."""
        specs = self.signature.outputs
        if not self.signature.row_wise:
            return _dumps({spec.name: _plain(t) for spec, t in zip(specs, tensors, strict=True)})
        count = len(next(iter(rows.feed.values())))
        columns = [_per_row(spec, t, count) for spec, t in zip(specs, tensors, strict=True)]
        names = [spec.name for spec in specs]
        answers = [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]
        return _dumps(answers[0] if rows.single else answers)


@dataclass(frozen=True, slots=True)
class Reply:
    """How the client of one request wants its answer."""

    api: SimpleApi
    rows: Rows

    def write(self, tensors: Sequence[Tensor]) -> tuple[bytes, Headers]:
        """Write a response."""
        return self.api.encode(self.rows, tensors), ()


def _fields(spec: TensorSpec, rules: Rules) -> tuple[Field, ...]:
    features = rules.features(spec.name)
    if features is None:
        return (Field(spec.name, spec, None),)
    return tuple(Field(name, spec, column) for column, name in enumerate(features))


def _row(number: int, single: bool) -> str:
    return "" if single else f"row {number}: "


def _inside(index: tuple[int, ...]) -> str:
    return str(list(index)) if index and index != (0,) else ""


def _expect_names(row: object, names: dict[str, None], where: str) -> None:
    if not isinstance(row, dict):
        raise bad_request(f"{where}{describe(row)} where an object with {_list(names)} belongs")
    if row.keys() == names.keys():
        return
    if missing := [name for name in names if name not in row]:
        raise bad_request(f"{where}missing {_list(missing)}; the model takes {_list(names)}")
    extra = [name for name in row if name not in names]
    raise bad_request(f"{where}the model does not know {_list(extra)}; it takes {_list(names)}")


def _list(names: Collection[str]) -> str:
    shown = ", ".join(f"'{name:.60}'" for name in islice(names, 20))
    return shown if len(names) <= 20 else f"{shown} and {len(names) - 20} more"


def _from_columns(
    spec: TensorSpec, features: tuple[str, ...], rows: Sequence[dict[str, Any]], single: bool
) -> Tensor:
    flat = [row[feature] for row in rows for feature in features]
    try:
        return to_array_kindly(flat, spec.datatype).reshape(len(rows), len(features))
    except ElementError as error:
        number, column = divmod(error.index, len(features))
        raise bad_request(f"{_row(number, single)}'{features[column]}': {error.message}") from None


def _from_values(
    values: list[Any], spec: TensorSpec, row_shape: Sequence[Dim], single: bool
) -> Tensor:
    if tuple(row_shape) == (1,):
        values = [value if isinstance(value, list) else [value] for value in values]
    shape = [len(values), *_measure(values[0], spec, row_shape, _row(0, single))]
    try:
        return to_array_kindly(flatten(values, shape), spec.datatype).reshape(shape)
    except ShapeError as error:
        number, *inner = error.path
        raise _misplaced(spec, number, tuple(inner), single, error.message) from None
    except ElementError as error:
        number, *inner = unravel(error.index, shape)
        raise _misplaced(spec, number, tuple(inner), single, error.message) from None


def _misplaced(
    spec: TensorSpec, number: int, inner: tuple[int, ...], single: bool, words: str
) -> RefusedError:
    return bad_request(f"{_row(number, single)}'{spec.name}'{_inside(inner)}: {words}")


def _measure(value: Any, spec: TensorSpec, row_shape: Sequence[Dim], where: str) -> list[int]:
    """Read the sizes that the model leaves free off the first row."""
    sizes: list[int] = []
    for dim in row_shape:
        if type(value) is not list:
            wanted = TensorSpec("", spec.datatype, tuple(row_shape)).wire_shape
            raise bad_request(
                f"{where}'{spec.name}': {describe(value)} where a list of shape {wanted} belongs"
            )
        sizes.append(dim if isinstance(dim, int) else len(value))
        value = value[0] if value else []
    return sizes


def _per_row(spec: TensorSpec, tensor: Tensor, count: int) -> list[Any]:
    if tensor.shape[:1] != (count,):
        if count == 1:
            return [_plain(tensor)]
        raise bad_request(
            f"output '{spec.name}' has shape {list(tensor.shape)} for {count} rows; "
            "send one row at a time"
        )
    scalar = tensor.ndim == 1 or (tensor.ndim == 2 and spec.shape[1:] == (1,))
    return _scalars(tensor.reshape(count)) if scalar else [_plain(row) for row in tensor]


def _scalars(column: Tensor) -> list[Any]:
    # A float32 as such is written with its own few digits, as a Python float with seventeen.
    return list(column) if column.dtype.kind == "f" else column.tolist()


def _plain(tensor: Tensor) -> Any:
    if tensor.dtype == object:
        return tensor.tolist()
    return np.ascontiguousarray(tensor) if tensor.ndim else _scalars(tensor.reshape(1))[0]


def _dumps(value: object) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_SERIALIZE_NUMPY)
