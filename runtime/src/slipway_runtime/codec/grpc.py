"""The Open Inference Protocol's gRPC messages: requests to tensors, tensors to answers.

Answers are always raw: no client of the protocol fails to read those. Knows neither gRPC itself
nor who is calling.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from google.protobuf.message import DecodeError

from slipway_runtime.codec import binary, form, grpc_wire
from slipway_runtime.codec.binary import Bytes
from slipway_runtime.codec.form import Form
from slipway_runtime.codec.grpc_wire import Parts
from slipway_runtime.errors import RefusedError, bad_request
from slipway_runtime.identity import Identity
from slipway_runtime.inference import Headers, Inference, Parameter
from slipway_runtime.messages.open_inference_pb2 import (
    InferParameter,
    InferTensorContents,
    ModelInferRequest,
    ModelInferResponse,
    ModelStreamInferResponse,
)
from slipway_runtime.signature import Datatype, Tensor, TensorSpec

_CONTENTS: Final = {
    Datatype.BOOL: "bool_contents",
    Datatype.INT8: "int_contents",
    Datatype.INT16: "int_contents",
    Datatype.INT32: "int_contents",
    Datatype.INT64: "int64_contents",
    Datatype.UINT8: "uint_contents",
    Datatype.UINT16: "uint_contents",
    Datatype.UINT32: "uint_contents",
    Datatype.UINT64: "uint64_contents",
    Datatype.FP32: "fp32_contents",
    Datatype.FP64: "fp64_contents",
    Datatype.BYTES: "bytes_contents",
}
_WIRE: Final = {"int_contents": np.int32, "uint_contents": np.uint32}

_BLOW_UP: Final = 40
"""Memory that protobuf takes for a byte of a message, at most: an empty tensor is two bytes."""

_LONGEST_KNOWN: Final = 2048
"""Bytes of a request without its tensors; a longer one is read anew each time."""

_InputTensor = ModelInferRequest.InferInputTensor


@dataclass(frozen=True, slots=True)
class Answer:
    """How the answer to one request is written."""

    identity: Identity
    id: str
    outputs: tuple[TensorSpec, ...]

    def write(self, tensors: Sequence[Tensor]) -> tuple[bytes, Headers]:
        """Write the computed outputs."""
        parts: list[Bytes] = [_begin(self.identity.name, self.identity.version)]
        if self.id:
            parts.append(ModelInferResponse(id=self.id).SerializeToString())
        for spec, tensor in zip(self.outputs, tensors, strict=True):
            parts.append(_described(spec, tensor.shape))
            parts += grpc_wire.raw_output(binary.write(tensor, spec.datatype))
        return b"".join(parts), ()


@lru_cache(maxsize=4)
def _begin(name: str, version: str) -> bytes:
    return ModelInferResponse(model_name=name, model_version=version).SerializeToString()


@lru_cache(maxsize=1024)
def _described(spec: TensorSpec, shape: tuple[int, ...]) -> bytes:
    """Write all of an output but its bytes: the same in most answers."""
    tensor = ModelInferResponse.InferOutputTensor(
        name=spec.name, datatype=spec.datatype, shape=shape
    )
    return ModelInferResponse(outputs=[tensor]).SerializeToString()


_FINAL: Final = ModelInferResponse(
    parameters={"triton_final_response": InferParameter(bool_param=True)}
).SerializeToString()


def in_stream(answer: bytes) -> bytes:
    """Wrap an answer for a stream, and say that no other will come for its request."""
    return grpc_wire.in_stream(answer + _FINAL)


def id_of(message: bytes) -> str:
    """Find what the client calls its request, if that can be found."""
    try:
        return _text(grpc_wire.split(message).id)
    except RefusedError:
        return ""


def error_in_stream(words: str, request_id: str) -> bytes:
    """Say in a stream why one request has no answer."""
    answer = ModelInferResponse(id=request_id)
    return ModelStreamInferResponse(error_message=words, infer_response=answer).SerializeToString()


@dataclass(frozen=True, slots=True)
class _Asked:
    """All that a request says beside its id and its tensors' bytes, held against the model."""

    inputs: tuple[tuple[TensorSpec, tuple[int, ...], int], ...]
    """In the request's order: which input it is, its shape, and how many elements that makes."""
    outputs: tuple[TensorSpec, ...]
    parameters: Mapping[str, Parameter]
    timeout: float | None


def cost(parts: Parts, model: Form) -> int:
    """Estimate, from above, the memory that reading a request takes."""
    has_text = any(spec.datatype is Datatype.BYTES for spec in model.signature.inputs)
    raw = sum([binary.cost(octets, has_text) for octets in parts.raw])
    return _BLOW_UP * len(parts.rest) + raw


def read(parts: Parts, model: Form, patience: float | None = None) -> tuple[Inference, Answer]:
    """Make the model's inputs out of a request, or say what does not fit.

    `patience` is for how many seconds the client waits, whatever the request itself says.
    """
    if parts.raw and len(parts.rest) <= _LONGEST_KNOWN:
        asked, request_id = _known(parts.rest, model), _text(parts.id)
        given = _raw(asked, parts.raw)
    else:
        message = _message(parts.rest)
        asked, request_id = _asked(message, model), message.id or _text(parts.id)
        given = _given(message, asked, parts.raw or message.raw_input_contents)
    feed = given if len(given) == 1 else {name: given[name] for name in model.inputs}
    model.check(feed)
    answer = Answer(model.identity, request_id, asked.outputs)
    seconds = min(filter(None, (asked.timeout, patience)), default=None)
    return Inference(feed, asked.outputs, request_id, asked.parameters, seconds), answer


def _text(octets: bytes) -> str:
    try:
        return str(octets, "utf-8")
    except UnicodeDecodeError:
        raise bad_request("the request's id is not UTF-8") from None


@lru_cache(maxsize=256)
def _known(rest: bytes, model: Form) -> _Asked:
    """Read the same again without reading it again: of a request with raw contents."""
    message = _message(rest)
    asked = _asked(message, model)
    _expect_no_contents(message.inputs)
    return asked


def _message(octets: bytes) -> ModelInferRequest:
    try:
        return ModelInferRequest.FromString(octets)
    except DecodeError:
        raise bad_request("the message is no ModelInferRequest") from None


def _asked(message: ModelInferRequest, model: Form) -> _Asked:
    model.identity.expect(message.model_name, message.model_version or None)
    outputs = model.select([wanted.name for wanted in message.outputs])
    model.expect_inputs([tensor.name for tensor in message.inputs])
    inputs = tuple(_expect_form(tensor, model.inputs[tensor.name]) for tensor in message.inputs)
    given = {name: _value(choice) for name, choice in message.parameters.items()}
    return _Asked(inputs, outputs, form.parameters(given), form.timeout(given))


def _expect_form(tensor: _InputTensor, spec: TensorSpec) -> tuple[TensorSpec, tuple[int, ...], int]:
    form.expect_datatype(tensor.datatype, spec)
    shape = list(tensor.shape)
    count = form.expect_shape(shape, spec)
    return spec, tuple(shape), count


def _value(parameter: InferParameter) -> Parameter | None:
    choice = parameter.WhichOneof("parameter_choice")
    return None if choice is None else getattr(parameter, choice)


def _given(message: ModelInferRequest, asked: _Asked, raw: Sequence[Bytes]) -> dict[str, Tensor]:
    if raw:
        _expect_no_contents(message.inputs)
        return _raw(asked, raw)
    return {
        spec.name: _typed(tensor.contents, spec, shape, count)
        for tensor, (spec, shape, count) in zip(message.inputs, asked.inputs, strict=True)
    }


def _raw(asked: _Asked, raw: Sequence[Bytes]) -> dict[str, Tensor]:
    if len(raw) != len(asked.inputs):
        raise bad_request(
            f"raw_input_contents must have one entry for each of the {len(asked.inputs)} inputs, "
            f"or none at all; the request has {len(raw)}"
        )
    return {
        spec.name: binary.read(octets, spec, shape, count)
        for (spec, shape, count), octets in zip(asked.inputs, raw, strict=True)
    }


def _expect_no_contents(inputs: Sequence[_InputTensor]) -> None:
    for tensor in inputs:
        if tensor.contents.ListFields():
            raise bad_request(
                f"input '{tensor.name}' has contents beside raw_input_contents; send one of the two"
            )


def _typed(
    contents: InferTensorContents, spec: TensorSpec, shape: tuple[int, ...], count: int
) -> Tensor:
    field = _CONTENTS.get(spec.datatype)
    if field is None:
        raise bad_request(
            f"input '{spec.name}': {spec.datatype} has no typed contents; "
            "send it in raw_input_contents"
        )
    for present, _ in contents.ListFields():
        if present.name != field:
            raise bad_request(
                f"input '{spec.name}': values of {spec.datatype} belong into {field}, "
                f"the request has {present.name}"
            )
    values = getattr(contents, field)
    if len(values) != count:
        raise bad_request(
            f"input '{spec.name}': shape {list(shape)} needs {count} values, "
            f"{field} has {len(values)}"
        )
    array = _texts if spec.datatype is Datatype.BYTES else _numbers
    return array(values, spec).reshape(shape)


def _texts(values: Sequence[bytes], spec: TensorSpec) -> Tensor:
    return np.array([binary.text(octets, spec, i) for i, octets in enumerate(values)], object)


def _numbers(values: Sequence[float], spec: TensorSpec) -> Tensor:
    dtype = spec.datatype.numpy
    array = np.fromiter(values, _WIRE.get(_CONTENTS[spec.datatype], dtype), len(values))
    narrow = array.astype(dtype, copy=False)
    if narrow is not array and (wrong := narrow != array).any():
        value = array[int(wrong.argmax())]
        raise bad_request(f"input '{spec.name}': {value} is out of range for {spec.datatype}")
    return narrow
