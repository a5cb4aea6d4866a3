"""The Open Inference Protocol's JSON: requests to tensors, tensors to responses.

Unknown members and all `parameters` are tolerated, as the protocol wants it, except those that
announce binary tensors. NaN and Infinity in an output become null: JSON has no word for them.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import orjson

from slipway_runtime.codec.document import loads
from slipway_runtime.codec.elements import ElementError, ShapeError, flatten, to_array, unravel
from slipway_runtime.errors import bad_request
from slipway_runtime.inference import Described, Headers, Inference
from slipway_runtime.signature import Datatype, Signature, Tensor, TensorSpec, clash

_LARGEST_DIMENSION: Final = 2**31 - 1
_HALF_PRECISION = (
    "FP16 cannot be written in the protocol's JSON, and binary tensors are not supported; "
    "POST /predict takes and gives plain numbers"
)


@dataclass(frozen=True, slots=True)
class Reply:
    """How the client of one request wants its answer."""

    model: Described
    request: "InferRequest"
    outputs: tuple[TensorSpec, ...]

    def write(self, tensors: Sequence[Tensor]) -> tuple[bytes, Headers]:
        """Write a response."""
        identity = self.model.identity
        model = {"model_name": identity.name, "model_version": identity.version}
        return encode(model, self.request.id, self.outputs, tensors), ()


def read(body: bytes, header_length: int | None, model: Described) -> tuple[Inference, Reply]:
    """Read a request that is for this model; `header_length` is what announces binary tensors."""
    if header_length is not None:
        raise bad_request("binary tensors are not supported; send the inputs as JSON")
    request = parse(body)
    outputs = select_outputs(request, model.signature)
    feed = decode(request, model.signature)
    model.rules.check(feed, _place)
    return Inference(feed, outputs, request.id or ""), Reply(model, request, outputs)


def _place(name: str, index: tuple[int, ...]) -> str:
    return f"input '{name}', element {list(index)}"


@dataclass(frozen=True, slots=True)
class InferRequest:
    """A request whose form is right and whose values have not been looked at."""

    id: str | None
    inputs: Mapping[str, Mapping[str, Any]]
    outputs: tuple[str, ...]


def parse(body: bytes) -> InferRequest:
    """Read the form of a request."""
    document = loads(body)
    if not isinstance(document, dict):
        raise bad_request("the body must be a JSON object with 'inputs'")
    request_id = document.get("id")
    if request_id is not None and not isinstance(request_id, str):
        raise bad_request("'id' must be text")
    _parameters(document, "the request")
    inputs = _named(document.get("inputs"), "inputs")
    outputs = _named(document.get("outputs", []), "outputs")
    return InferRequest(request_id, inputs, tuple(outputs))


def _named(entries: Any, kind: str) -> dict[str, dict[str, Any]]:
    if not isinstance(entries, list):
        raise bad_request(f"'{kind}' must be a list of tensors")
    named: dict[str, dict[str, Any]] = {}
    for entry in entries:
        if not isinstance(entry, dict) or not isinstance(entry.get("name"), str):
            raise bad_request(f"each of '{kind}' must be an object with a 'name'")
        name = entry["name"]
        if name in named:
            raise bad_request(f"{kind[:-1]} '{name}' appears twice in the request")
        _parameters(entry, f"{kind[:-1]} '{name}'")
        named[name] = entry
    return named


def _parameters(owner: Mapping[str, Any], where: str) -> None:
    parameters = owner.get("parameters")
    if parameters is not None and not isinstance(parameters, dict):
        raise bad_request(f"'parameters' of {where} must be an object")


def decode(request: InferRequest, signature: Signature) -> dict[str, Tensor]:
    """Make the model's inputs out of the request, or say what does not fit."""
    expected = {spec.name: spec for spec in signature.inputs}
    _expect_names(request.inputs, expected)
    feed = {name: _tensor(request.inputs[name], spec) for name, spec in expected.items()}
    if words := clash(signature.inputs, [array.shape for array in feed.values()]):
        raise bad_request(words)
    return feed


def _expect_names(given: Mapping[str, Any], expected: Mapping[str, Any]) -> None:
    if unknown := [name for name in given if name not in expected]:
        raise bad_request(f"unknown input {_quoted(unknown)}; the model takes {_quoted(expected)}")
    if missing := [name for name in expected if name not in given]:
        raise bad_request(f"missing input {_quoted(missing)}; the model takes {_quoted(expected)}")


def _quoted(names: Sequence[str] | Mapping[str, Any]) -> str:
    return ", ".join(f"'{name}'" for name in names)


def _tensor(entry: Mapping[str, Any], spec: TensorSpec) -> Tensor:
    where = f"input '{spec.name}'"
    if "binary_data_size" in (entry.get("parameters") or {}):
        raise bad_request(f"{where} is a binary tensor, which is not supported; send it as JSON")
    _expect_datatype(entry.get("datatype"), spec, where)
    shape = _shape(entry.get("shape"), spec, where)
    data = entry.get("data")
    if not isinstance(data, list):
        raise bad_request(f"{where} needs 'data', a list of values")
    try:
        flat = flatten(data, shape) if _is_nested(data, shape) else data
        _expect_count(flat, shape, where)
        return to_array(flat, spec.datatype).reshape(shape)
    except ShapeError as error:
        raise bad_request(f"{where}, data{list(error.path) or ''}: {error.message}") from None
    except ElementError as error:
        place = list(unravel(error.index, shape))
        raise bad_request(f"{where}, element {place}: {error.message}") from None


def _is_nested(data: list[Any], shape: Sequence[int]) -> bool:
    return len(shape) > 1 and any(type(item) is list for item in data[:1])


def _expect_datatype(given: object, spec: TensorSpec, where: str) -> None:
    if not isinstance(given, str) or given.upper() != spec.datatype:
        raise bad_request(f"{where} has datatype {spec.datatype}, the request says {given!r:.40}")
    if spec.datatype is Datatype.FP16:
        raise bad_request(f"{where}: {_HALF_PRECISION}")


def _shape(given: Any, spec: TensorSpec, where: str) -> list[int]:
    if not isinstance(given, list) or not all(type(dim) is int for dim in given):
        raise bad_request(f"{where} needs 'shape', a list of whole numbers")
    if not all(0 <= dim <= _LARGEST_DIMENSION for dim in given):
        raise bad_request(f"{where}: a dimension of its shape is negative or too large")
    if not spec.admits(given):
        raise bad_request(
            f"{where} has shape {spec.wire_shape} (-1: any size), "
            f"the request says {str(given)[:80]}"
        )
    return given


def _expect_count(flat: list[Any], shape: Sequence[int], where: str) -> None:
    wanted = math.prod(shape)
    if len(flat) != wanted:
        raise bad_request(f"{where}: shape {list(shape)} needs {wanted} values, not {len(flat)}")


def select_outputs(request: InferRequest, signature: Signature) -> tuple[TensorSpec, ...]:
    """Choose the outputs that the request asks for, in its order; all when it names none."""
    known = {spec.name: spec for spec in signature.outputs}
    if unknown := [name for name in request.outputs if name not in known]:
        raise bad_request(f"unknown output {_quoted(unknown)}; the model gives {_quoted(known)}")
    chosen = tuple(known[name] for name in request.outputs) or signature.outputs
    for spec in chosen:
        if spec.datatype is Datatype.FP16:
            raise bad_request(f"output '{spec.name}': {_HALF_PRECISION}")
    return chosen


def encode(
    model: Mapping[str, str],
    request_id: str | None,
    specs: Sequence[TensorSpec],
    tensors: Sequence[Tensor],
) -> bytes:
    """Write a response; `model` holds `model_name` and `model_version`."""
    response: dict[str, Any] = dict(model)
    if request_id is not None:
        response["id"] = request_id
    response["outputs"] = [
        {
            "name": spec.name,
            "datatype": str(spec.datatype),
            "shape": list(tensor.shape),
            "data": _flat(tensor),
        }
        for spec, tensor in zip(specs, tensors, strict=True)
    ]
    return orjson.dumps(response, option=orjson.OPT_SERIALIZE_NUMPY)


def _flat(tensor: Tensor) -> Any:
    return (
        tensor.ravel().tolist() if tensor.dtype == object else np.ascontiguousarray(tensor).ravel()
    )
