"""What a request must keep whichever way it is written: names, datatypes, shapes, parameters.

The JSON of the protocol and its gRPC messages are both held against this. Knows neither.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from slipway_runtime.codec.bounds import DEFAULT, Bounds
from slipway_runtime.errors import RefusedError, bad_request
from slipway_runtime.inference import Described, Parameter
from slipway_runtime.signature import NOT_IN_JSON, Datatype, Tensor, TensorSpec, clash

_LARGEST_DIMENSION: Final = 2**31 - 1
_MICROSECONDS: Final = 1e-6
_RESERVED: Final = frozenset(
    {
        "binary_data_output",
        "headers",
        "priority",
        "sequence_end",
        "sequence_id",
        "sequence_start",
        "timeout",
    }
)
"""What the protocol's own clients put beside the parameters of their users."""


class Form:
    """The form of one model's requests: all that a codec knows of a model."""

    def __init__(self, model: Described, bounds: Bounds = DEFAULT) -> None:
        self.bounds = bounds
        self.identity = model.identity
        self.signature = model.signature
        self.inputs = {spec.name: spec for spec in model.signature.inputs}
        self.outputs = {spec.name: spec for spec in model.signature.outputs}
        self.has_text = any(spec.datatype is Datatype.BYTES for spec in model.signature.inputs)
        self.not_in_json = any(spec.datatype in NOT_IN_JSON for spec in model.signature.outputs)
        self._rules = model.rules

    def expect_inputs(self, given: Sequence[str]) -> None:
        """Refuse names that are unknown, missing or there twice."""
        known = self.inputs
        if len(given) == len(known) and known.keys() == set(given):
            return
        _expect_once(given, "input")
        if unknown := [name for name in given if name not in known]:
            raise bad_request(f"unknown input {quoted(unknown)}; the model takes {quoted(known)}")
        missing = [name for name in known if name not in given]
        raise bad_request(
            f"expected {len(known)} inputs but got {len(given)}; "
            f"missing input {quoted(missing)}; the model takes {quoted(known)}"
        )

    def select(self, wanted: Sequence[str]) -> tuple[TensorSpec, ...]:
        """Choose the outputs that are asked for, in that order; all when none is named."""
        if not wanted:
            return self.signature.outputs
        _expect_once(wanted, "output")
        if unknown := [name for name in wanted if name not in self.outputs]:
            raise bad_request(
                f"unknown output {quoted(unknown)}; the model gives {quoted(self.outputs)}"
            )
        return tuple(self.outputs[name] for name in wanted)

    def check(self, feed: dict[str, Tensor]) -> dict[str, Tensor]:
        """Hold the whole request together, in the model's order: sizes, bounds, rules."""
        if len(feed) > 1:
            feed = {name: feed[name] for name in self.inputs}
            if words := clash(self.signature.inputs, [array.shape for array in feed.values()]):
                raise bad_request(words)
        self.bounds.check_elements(feed)
        self._rules.check(feed, place)
        return feed


def expect_datatype(given: object, spec: TensorSpec) -> None:
    """Refuse any datatype but the model's own, in letters of either case."""
    if given == spec.datatype:
        return
    if not isinstance(given, str) or given.upper() != spec.datatype:
        raise bad_request(
            f"input '{spec.name}' has datatype {spec.datatype}, the request says {given!r:.40}"
        )


def expect_shape(given: Any, spec: TensorSpec) -> int:
    """Refuse a shape that the model cannot take; else say how many elements it has."""
    sizes = spec.sizes
    if type(given) is not list or len(given) != len(sizes):
        raise _misshapen(given, spec)
    count = 1
    for dim, declared in zip(given, sizes, strict=True):
        if type(dim) is not int or not 0 <= dim <= _LARGEST_DIMENSION or declared not in (-1, dim):
            raise _misshapen(given, spec)
        count *= dim
    return count


def _misshapen(given: Any, spec: TensorSpec) -> RefusedError:
    where = f"input '{spec.name}'"
    if not isinstance(given, list) or not all(type(dim) is int for dim in given):
        return bad_request(f"{where} needs 'shape', a list of whole numbers")
    if not all(0 <= dim <= _LARGEST_DIMENSION for dim in given):
        return bad_request(f"{where}: a dimension of its shape is negative or too large")
    return bad_request(
        f"{where} has shape {spec.wire_shape} (-1: any size), the request says {str(given)[:80]}"
    )


def parameters(given: Mapping[str, Any]) -> dict[str, Parameter]:
    """Keep a request's own parameters; each is text, a number, or true or false."""
    own = {}
    for name, value in given.items():
        if name in _RESERVED or value is None:
            continue
        if not isinstance(value, str | int | float | bool):
            raise bad_request(f"parameter '{name:.60}' must be text, a number, or true or false")
        own[name] = value
    return own


def timeout(given: Mapping[str, Any]) -> float | None:
    """Read how long the client waits: whole microseconds on the wire, 0 for ever."""
    value = given.get("timeout")
    if value is None:
        return None
    if type(value) is not int or value < 0:
        raise bad_request("parameter 'timeout' must be a whole number of microseconds")
    return value * _MICROSECONDS or None


def place(name: str, index: tuple[int, ...]) -> str:
    """Say where an element is, in the protocol's words."""
    return f"input '{name}', element {list(index)}"


def quoted(names: Iterable[str]) -> str:
    """List names for a message, cut where there are many."""
    shown = [f"'{name:.60}'" for name in names]
    return ", ".join(shown[:20]) + (f" and {len(shown) - 20} more" if len(shown) > 20 else "")


def _expect_once(names: Sequence[str], kind: str) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise bad_request(f"{kind} '{name:.60}' already exists in request")
        seen.add(name)
