"""The Open Inference Protocol's requests: JSON, with binary tensors behind it or not, or one raw.

Unknown members and parameters are tolerated, as the protocol wants it; what would change the
answer and is not known here is refused. null is NaN where the input is a float.
"""

from collections.abc import Sequence
from typing import Any, Final

from slipway_runtime.codec import binary, document, raw
from slipway_runtime.codec.elements import ElementError, ShapeError, flatten, to_array, unravel
from slipway_runtime.codec.form import (
    Form,
    expect_datatype,
    expect_shape,
    parameters,
    place,
    timeout,
)
from slipway_runtime.codec.response import Reply
from slipway_runtime.errors import bad_request
from slipway_runtime.inference import Inference
from slipway_runtime.signature import NOT_IN_JSON, Tensor, TensorSpec

Document = dict[str, Any]

_NONE: Final[Document] = {}
_ALL: Final[list[Document]] = []
_NOT_HERE: Final = ("classification", "shared_memory_region")
"""Extensions whose silent absence would make the client misread its answer."""


def read(body: bytes, header_length: int | None, form: Form) -> tuple[Inference, Reply]:
    """Read a request; `header_length` is the length of the JSON before binary tensors."""
    if header_length is None:
        return _read(body, None, form)
    if header_length == 0:
        return raw.read(body, form)
    if header_length > len(body):
        raise bad_request(
            f"Inference-Header-Content-Length is {header_length}, the body has {len(body)} bytes"
        )
    view = memoryview(body)
    return _read(view[:header_length], _Tail(view[header_length:]), form)


def announced(header: bytes | None) -> int | None:
    """Read the header that says how long the JSON before binary tensors is."""
    if header is None:
        return None
    if not header.isdigit() or len(header) > 18:
        shown = header[:40].decode("latin-1")
        raise bad_request(f"Inference-Header-Content-Length is no length: {shown!r}")
    return int(header)


class _Tail:
    """The binary tensors behind the JSON, taken one after the other."""

    def __init__(self, content: binary.Bytes) -> None:
        self._content = content
        self._at = 0

    def take(self, size: object, where: str) -> binary.Bytes:
        if type(size) is not int or size < 0:
            raise bad_request(f"{where}: 'binary_data_size' must be a whole number of bytes")
        start, self._at = self._at, self._at + size
        if self._at > len(self._content):
            raise bad_request(
                f"{where} announces {size} binary bytes, {len(self._content) - start} are left "
                "behind the JSON, whose length Inference-Header-Content-Length gives"
            )
        return self._content[start : self._at]

    def expect_end(self) -> None:
        if left := len(self._content) - self._at:
            raise bad_request(f"{left} bytes follow the last binary tensor")


def _read(text: binary.Bytes, tail: _Tail | None, form: Form) -> tuple[Inference, Reply]:
    parsed = document.loads(text, form.bounds)
    if not isinstance(parsed, dict):
        raise bad_request("the body must be a JSON object with 'inputs'")
    request_id = parsed.get("id")
    if request_id is not None and not isinstance(request_id, str):
        raise bad_request("'id' must be text")
    given = _parameters(parsed, "the request") if "parameters" in parsed else _NONE
    inputs = _named(parsed.get("inputs"), "input")
    form.expect_inputs([entry["name"] for entry in inputs])
    reply = _reply(parsed, given, request_id, form)
    feed = {entry["name"]: _tensor(entry, form.inputs[entry["name"]], tail) for entry in inputs}
    if tail is not None:
        tail.expect_end()
    feed = form.check(feed)
    if not given:
        return Inference(feed, reply.outputs, request_id or ""), reply
    return (
        Inference(feed, reply.outputs, request_id or "", parameters(given), timeout(given)),
        reply,
    )


def _named(entries: Any, kind: str) -> list[Document]:
    if not isinstance(entries, list):
        raise bad_request(f"'{kind}s' must be a list of tensors")
    for entry in entries:
        if not isinstance(entry, dict) or not isinstance(entry.get("name"), str):
            raise bad_request(f"each of '{kind}s' must be an object with a 'name'")
    return entries


def _parameters(owner: Document, where: str) -> Document:
    given = owner.get("parameters")
    if given is None:
        return _NONE
    if not isinstance(given, dict):
        raise bad_request(f"'parameters' of {where} must be an object")
    return given


def _reply(parsed: Document, given: Document, request_id: str | None, form: Form) -> Reply:
    default = _flag(given, "binary_data_output", "the request", False) if given else False
    wanted = parsed.get("outputs") or _ALL
    if wanted is _ALL:
        outputs = form.signature.outputs
        as_bytes = (default,) * len(outputs)
    else:
        entries = _named(wanted, "output")
        outputs = form.select([entry["name"] for entry in entries])
        as_bytes = tuple([_as_bytes(entry, default) for entry in entries])
    if form.not_in_json and not all(as_bytes):
        _expect_json(outputs, as_bytes)
    return Reply(form.identity, request_id, outputs, as_bytes)


def _expect_json(outputs: tuple[TensorSpec, ...], as_bytes: tuple[bool, ...]) -> None:
    for spec, wanted in zip(outputs, as_bytes, strict=True):
        if not wanted and spec.datatype in NOT_IN_JSON:
            raise bad_request(
                f"output '{spec.name}': {spec.datatype} cannot be written in the protocol's "
                "JSON; ask for it as a binary tensor, or use POST /predict"
            )


def _as_bytes(entry: Document, default: bool) -> bool:
    where = f"output '{entry['name']}'"
    given = _parameters(entry, where)
    for name in _NOT_HERE:
        if given.get(name):
            raise bad_request(f"{where}: '{name}' is not supported here")
    return _flag(given, "binary_data", where, default)


def _flag(given: Document, name: str, where: str, default: bool) -> bool:
    value = given.get(name, default)
    if not isinstance(value, bool):
        raise bad_request(f"'{name}' of {where} must be true or false")
    return value


def _tensor(entry: Document, spec: TensorSpec, tail: _Tail | None) -> Tensor:
    shape: Any = entry.get("shape")
    data = entry.get("data")
    expect_datatype(entry.get("datatype"), spec)
    count = expect_shape(shape, spec)
    if "parameters" not in entry:
        return _from_json(data, spec, shape, count)
    where = f"input '{spec.name}'"
    given = _parameters(entry, where)
    if "binary_data_size" not in given:
        return _from_json(data, spec, shape, count)
    if data is not None:
        raise bad_request(f"{where} has both 'data' and 'binary_data_size'; one is enough")
    tail = tail or _Tail(b"")
    return binary.read(tail.take(given["binary_data_size"], where), spec, shape, count)


def _from_json(data: Any, spec: TensorSpec, shape: Sequence[int], count: int) -> Tensor:
    if spec.datatype in NOT_IN_JSON:
        raise bad_request(
            f"input '{spec.name}': {spec.datatype} cannot be written in the protocol's JSON; "
            "send it as a binary tensor, or use POST /predict, which takes and gives plain numbers"
        )
    if not isinstance(data, list):
        raise bad_request(f"input '{spec.name}' needs 'data', a list of values")
    try:
        flat = flatten(data, shape) if _is_nested(data, shape) else data
        if len(flat) != count:
            raise bad_request(
                f"input '{spec.name}': shape {shape} needs {count} values, not {len(flat)}"
            )
        return to_array(flat, spec.datatype).reshape(shape)
    except ShapeError as error:
        where = f"input '{spec.name}'"
        raise bad_request(f"{where}, data{list(error.path) or ''}: {error.message}") from None
    except ElementError as error:
        raise bad_request(
            f"{place(spec.name, unravel(error.index, shape))}: {error.message}"
        ) from None


def _is_nested(data: Sequence[Any], shape: Sequence[int]) -> bool:
    return len(shape) > 1 and bool(data) and type(data[0]) is list


def piecemeal(body: bytes, header_length: int | None, form: Form) -> int:
    """Count the bytes that are read one element at a time, where numbers in binary are not."""
    return len(body) if header_length is None or form.has_text else header_length


def cost(body: bytes, header_length: int | None, form: Form) -> int:
    """Estimate, from above, the memory that reading this request takes."""
    if header_length is None:
        return document.cost(body)
    tail = memoryview(body)[header_length:]
    return document.cost(body[:header_length]) + binary.cost(tail, form.has_text)
