"""The signature of a program that has none, found by running it on a request beside it.

A sample says what goes in; what comes out is seen. Whether rows can be put together is tried.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import orjson

from slipway_runtime.codec import oip
from slipway_runtime.codec.form import Form
from slipway_runtime.errors import InferenceError, ModelError, Reason, RefusedError
from slipway_runtime.identity import Identity
from slipway_runtime.rules import Rules
from slipway_runtime.signature import Datatype, Dim, Signature, Tensor, TensorSpec

Run = Callable[[list[Tensor]], dict[str, Tensor]]

_ROWS: Final = "rows"


@dataclass(frozen=True, slots=True)
class _Described:
    """As much of a model as reading its sample takes."""

    signature: Signature
    identity: Identity
    rules: Rules


def signature(text: bytes, where: str, run: Run) -> Signature:
    """Find the signature; `where` is named when the sample is wrong."""
    try:
        inputs = tuple(map(_declared, orjson.loads(text)["inputs"]))
        form = Form(_Described(Signature(inputs, ()), Identity("sample", "1", ""), Rules({})))
        feed = oip.read(text, None, form)[0].feed
    except RefusedError as error:
        raise _wrong(where, error.message) from None
    except (ValueError, KeyError, TypeError) as error:
        raise _wrong(where, f"it is no inference request ({error!r:.200})") from None
    return _observed(feed, where, run)


def _declared(entry: dict[str, object]) -> TensorSpec:
    shape = entry["shape"]
    if not isinstance(shape, list):
        raise ValueError("shape")
    return TensorSpec(str(entry["name"]), Datatype(str(entry["datatype"])), tuple(shape))


def _observed(feed: dict[str, Tensor], where: str, run: Run) -> Signature:
    try:
        once = run(list(feed.values()))
    except InferenceError as error:
        raise _wrong(where, f"the program fails on it: {error}") from None
    free = _rows_are_free(feed, once, run)
    return Signature(
        tuple(_spec(name, array, free) for name, array in feed.items()),
        tuple(_spec(name, array, free) for name, array in once.items()),
    )


def _rows_are_free(feed: dict[str, Tensor], once: dict[str, Tensor], run: Run) -> bool:
    """Whether twice the rows give twice the answers."""
    if not all(array.ndim for array in (*feed.values(), *once.values())):
        return False
    try:
        twice = run([np.concatenate([array, array]) for array in feed.values()])
    except InferenceError:
        return False
    return all(
        twice[name].shape == (2 * array.shape[0], *array.shape[1:]) for name, array in once.items()
    )


def _spec(name: str, array: Tensor, rows_are_free: bool) -> TensorSpec:
    sizes: tuple[Dim, ...] = array.shape
    shape = (_ROWS, *sizes[1:]) if rows_are_free else sizes
    return TensorSpec(name, _datatype(name, array), shape)


def _datatype(name: str, array: Tensor) -> Datatype:
    for datatype in Datatype:
        if datatype.numpy == array.dtype:
            return datatype
    raise ModelError(
        Reason.LOAD_FAILED, f"'{name}' is {array.dtype}, which the protocol has no name for"
    )


def _wrong(where: str, words: str) -> ModelError:
    return ModelError(Reason.LOAD_FAILED, f"the sample {where} cannot be used: {words}")
