"""What reads bytes of strangers, each as one function that must never fail in an unforeseen way.

A fuzzer feeds these at length; a test feeds them a fixed selection. Whatever bytes they get they
return or refuse in words: any other exception is a defect.
"""

import os
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from tempfile import gettempdir
from typing import Any

import numpy as np
import orjson

from runtime_testing import models
from slipway_runtime.codec import binary, compression, grpc, grpc_wire, oip
from slipway_runtime.codec.form import Form
from slipway_runtime.errors import ModelError, RefusedError
from slipway_runtime.identity import Identity
from slipway_runtime.inference import Inference, Reply
from slipway_runtime.messages.open_inference_pb2 import ModelInferRequest
from slipway_runtime.onnx_file import contents
from slipway_runtime.predict import SimpleApi
from slipway_runtime.rules import Rules, parse
from slipway_runtime.signature import Datatype, Signature, TensorSpec

Target = Callable[[bytes], None]

MEBIBYTE = 2**20


@dataclass(frozen=True)
class Described:
    """All that codecs want to know of a model."""

    identity: Identity
    signature: Signature
    rules: Rules


def described(rules: str, *inputs: TensorSpec) -> Described:
    outputs = (TensorSpec("Y", Datatype.FP32, (None, 2)), TensorSpec("Z", Datatype.BYTES, (None,)))
    signature = Signature(inputs, outputs)
    return Described(Identity("m", "1", "r"), signature, parse(rules, signature))


NUMBERS = described(
    '[{"name": "X", "range": [-10, 10], "features": ["a", "b", "c"]}]',
    TensorSpec("X", Datatype.FP32, (None, 3)),
)
TEXT = described('[{"name": "X", "maxLength": 8}]', TensorSpec("X", Datatype.BYTES, (None,)))
KINDS = described(
    "",
    *(
        TensorSpec(f"I{number}", kind, shape)
        for number, (kind, shape) in enumerate(
            [
                (Datatype.BOOL, ("N", 1)),
                (Datatype.INT8, ("N", None, 2)),
                (Datatype.UINT64, ()),
                (Datatype.FP16, ("N",)),
                (Datatype.BF16, ("N", 1)),
                (Datatype.FP64, (None, None)),
                (Datatype.BYTES, ("N", 1)),
            ]
        )
    ),
)
MODELS = (NUMBERS, TEXT, KINDS)


def refusing(read: Callable[[Form, bytes], tuple[Inference, Reply]]) -> Target:
    """Let each model read the bytes; what is taken fits the model, and its answer is written."""
    forms = [Form(model) for model in MODELS]

    def target(data: bytes) -> None:
        for form in forms:
            try:
                inference, reply = read(form, data)
            except RefusedError as refused:
                expect_words(refused)
            else:
                expect_fit(inference, form.signature)
                reply.write([_tensor(spec) for spec in inference.outputs])

    return target


def _tensor(spec: TensorSpec) -> np.ndarray[Any, Any]:
    shape = [1 if dim == -1 else dim for dim in spec.wire_shape]
    if spec.datatype is Datatype.BYTES:
        return np.full(shape, "text", object)
    return np.zeros(shape, spec.datatype.numpy)


def expect_words(refused: RefusedError) -> None:
    """A refusal is the client's fault, says so in few words, and can be sent."""
    assert 400 <= refused.status < 500, refused
    expect_short(refused.message)


def expect_short(words: str) -> None:
    """Words for a person, that JSON can carry."""
    assert 0 < len(words) < 3000, words
    orjson.dumps(words)


def expect_fit(inference: Inference, signature: Signature) -> None:
    """What is handed to a model is what its signature says."""
    assert list(inference.feed) == [spec.name for spec in signature.inputs]
    for spec in signature.inputs:
        array = inference.feed[spec.name]
        assert array.dtype == spec.datatype.numpy, spec
        assert spec.admits(array.shape), (spec, array.shape)
        if spec.datatype is Datatype.BYTES:
            assert all(type(element) is str for element in array.ravel())
    assert set(inference.outputs) <= set(signature.outputs)


def _framed(form: Form, data: bytes) -> tuple[Inference, Reply]:
    """The first two bytes say how long the JSON is that binary tensors follow."""
    return oip.read(data[2:], int.from_bytes(data[:2], "little"), form)


def _simple(data: bytes) -> None:
    for model in MODELS:
        try:
            inference, reply = SimpleApi(model.signature, model.rules).read(data)
        except RefusedError as refused:
            expect_words(refused)
        else:
            expect_fit(inference, model.signature)
            if model.signature.row_wise:
                rows = len(next(iter(inference.feed.values())))
                reply.write([np.repeat(_tensor(spec), rows, 0) for spec in inference.outputs])


def _compressed(data: bytes) -> None:
    for name in (b"gzip", b"deflate"):
        try:
            assert len(compression.decompress(data, name, MEBIBYTE)) <= MEBIBYTE
        except RefusedError as refused:
            expect_words(refused)


def _texts(data: bytes) -> None:
    """The first byte says how many texts there should be."""
    count = data[0] if data else 0
    try:
        texts = binary.read(data[1:], TEXT.signature.inputs[0], [count], count)
    except RefusedError as refused:
        expect_words(refused)
    else:
        assert bytes(binary.write(texts, Datatype.BYTES)) == data[1:]


def _message(form: Form, data: bytes) -> tuple[Inference, Reply]:
    return grpc.read(grpc_wire.split(data), form)


def _onnx(data: bytes) -> None:
    path = Path(gettempdir()) / f"slipway-fuzz-{os.getpid()}.onnx"
    path.write_bytes(data)
    try:
        contents.inspect(path)
    except ModelError as refused:
        expect_short(refused.message)
    finally:
        path.unlink()


TARGETS: dict[str, Target] = {
    "json": refusing(lambda form, data: oip.read(data, None, form)),
    "binary": refusing(_framed),
    "raw": refusing(lambda form, data: oip.read(data, 0, form)),
    "texts": _texts,
    "simple": _simple,
    "gzip": _compressed,
    "grpc": refusing(_message),
    "onnx": _onnx,
}


def _entry(spec: TensorSpec, **more: Any) -> dict[str, Any]:
    shape = [1 if dim == -1 else dim for dim in spec.wire_shape]
    return {"name": spec.name, "datatype": spec.datatype.value, "shape": shape, **more}


def _json() -> Iterator[bytes]:
    values = {Datatype.BOOL: True, Datatype.BYTES: "text", Datatype.UINT64: 2**64 - 1}
    for model in MODELS:
        inputs = [
            _entry(spec, data=[values.get(spec.datatype, 1)] * _tensor(spec).size)
            for spec in model.signature.inputs
        ]
        yield orjson.dumps({"inputs": inputs})
        yield orjson.dumps(
            {
                "id": "x",
                "parameters": {"timeout": 1000, "own": 1.5, "binary_data_output": True},
                "inputs": inputs,
                "outputs": [{"name": "Z", "parameters": {"binary_data": False}}, {"name": "Y"}],
            }
        )
    nested = {"name": "X", "datatype": "FP32", "shape": [2, 3], "data": [[1, 2, None], [4, 5, 6]]}
    yield orjson.dumps({"inputs": [nested]})


def _binary() -> Iterator[bytes]:
    for model in MODELS:
        pieces = [
            bytes(binary.write(_tensor(spec), spec.datatype)) for spec in model.signature.inputs
        ]
        inputs = [
            _entry(spec, parameters={"binary_data_size": len(piece)})
            for spec, piece in zip(model.signature.inputs, pieces, strict=True)
        ]
        head = orjson.dumps({"inputs": inputs})
        yield len(head).to_bytes(2, "little") + head + b"".join(pieces)


def _grpc() -> Iterator[bytes]:
    for model in MODELS:
        request = ModelInferRequest(model_name="m", id="x")
        for spec in model.signature.inputs:
            entry = _entry(spec)
            request.inputs.add(name=entry["name"], datatype=entry["datatype"], shape=entry["shape"])
            request.raw_input_contents.append(bytes(binary.write(_tensor(spec), spec.datatype)))
        yield request.SerializeToString()
    request = ModelInferRequest(model_name="m")
    request.inputs.add(name="X", datatype="FP32", shape=[1, 3]).contents.fp32_contents[:] = [
        1,
        2,
        3,
    ]
    request.parameters["timeout"].int64_param = 1000
    request.outputs.add(name="Y")
    yield request.SerializeToString()


def seeds(target: str) -> list[bytes]:
    """Good inputs to begin with."""
    match target:
        case "json":
            return list(_json())
        case "binary":
            return list(_binary())
        case "raw":
            return [b"\0" * 12, b"text"]
        case "texts":
            return [b"\2\1\0\0\0a\2\0\0\0bc", b"\0"]
        case "simple":
            return [b'{"a": 1, "b": 2.5, "c": -3}', b'[{"a": 1, "b": 2, "c": 3}]', b'{"X": "text"}']
        case "gzip":
            return [zlib.compress(b"text" * 9), zlib.compress(b"\0" * 2 * MEBIBYTE, wbits=31)]
        case "grpc":
            return list(_grpc())
        case "onnx":
            return [models.classifier(), models.busy(), models.outside("weights.bin")]
    raise AssertionError(f"no target {target}")


_TOKENS = (
    *(b"\0", b"\xff", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\x80" * 9 + b"\x01"),
    *(b"[", b"]", b"{", b"}", b",", b":", b'"', b"\\", b"\\ud800", b"\\u0000", b"[" * 200),
    *(b"null", b"true", b"NaN", b"-0", b"1e999", b"18446744073709551616", b"-1", b"0.1"),
    *(b'"shape"', b'"data"', b'"binary_data_size"', b'"inputs"', b"\xc3\x28", b"\xf0\x9f\x98\x80"),
)


def mutations(target: str, count: int, seed: int = 0) -> Iterator[bytes]:
    """Inputs that are nearly good; the same ones every time."""
    random = Random(seed)
    good = seeds(target)
    for _ in range(count):
        data = bytearray(random.choice(good))
        for _ in range(random.choice((1, 1, 2, 3, 8))):
            _mutate(data, random)
        yield bytes(data)


def _mutate(data: bytearray, random: Random) -> None:
    at = random.randrange(len(data) + 1)
    end = min(len(data), at + random.choice((1, 2, 4, 16, 64)))
    match random.randrange(6):
        case 0:
            data[at:at] = random.choice(_TOKENS)
        case 1:
            data[at:end] = random.choice(_TOKENS)
        case 2:
            del data[at:end]
        case 3:
            data[at:end] = data[at:end] * random.choice((2, 3, 50))
        case 4:
            data[at:end] = random.randbytes(end - at)
        case _:
            del data[at:]
