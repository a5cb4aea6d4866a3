"""Whatever comes over gRPC: a status in words, and the next good request is answered."""

import gzip
import json
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import pytest

from runtime_testing import models
from runtime_testing.calling import Caller, Request, Tensor, calling, numbers, raw
from runtime_testing.serving import Server, serving

MIB = 2**20
X = np.array([[1, 2, 3, 4]], np.float32)
RULES = json.dumps([{"name": "X", "range": [0, 10]}])
INVALID = grpc.StatusCode.INVALID_ARGUMENT


@pytest.fixture(scope="module")
def strict(save: Callable[[str, bytes], Path]) -> Iterator[Server]:
    path = save("strict", models.identity())
    options = ("--inputs", RULES, "--grpc-port", "0", "--grpc-message-size", "1Mi")
    with serving(path, *options) as server:
        yield server


@pytest.fixture
def caller(strict: Server) -> Iterator[Caller]:
    with calling(strict.grpc_port) as connected:
        yield connected


def changed(**changes: Any) -> Request:
    """A good request but for its only tensor."""
    good = raw("strict", X=X)
    for name, value in changes.items():
        if name == "shape":
            good.inputs[0].shape[:] = value
        else:
            setattr(good.inputs[0], name, value)
    return good


def typed(**contents: list[Any]) -> Request:
    tensor = Tensor(name="X", datatype="FP32", shape=[1, 4])
    for name, values in contents.items():
        getattr(tensor.contents, name)[:] = values
    return Request(model_name="strict", inputs=[tensor])


def with_raw(*contents: bytes) -> Request:
    return Request(
        model_name="strict",
        inputs=[Tensor(name="X", datatype="FP32", shape=[1, 4])],
        raw_input_contents=contents,
    )


@dataclass(frozen=True)
class Bad:
    """A message, and how it is refused."""

    message: bytes | Request
    words: str
    status: grpc.StatusCode = INVALID


BAD = {
    "nothing": Bad(b"", "unknown model ''", grpc.StatusCode.NOT_FOUND),
    "no protobuf": Bad(b"\xff\xff\xff", "no ModelInferRequest"),
    "JSON": Bad(b'{"inputs": []}', "no ModelInferRequest"),
    "a tensor that ends too early": Bad(
        raw("strict", X=X).SerializeToString()[:-3], "no ModelInferRequest"
    ),
    "a length beyond all bounds": Bad(b"\x3a\xff\xff\xff\xff\xff\x01", "no ModelInferRequest"),
    "an id that is not UTF-8": Bad(
        b"\x1a\x01\xff" + raw("strict", X=X).SerializeToString(), "id is not UTF-8"
    ),
    "more parts than there can be": Bad(b"\x3a\x00" * 20_000, "more than 16384 inputs"),
    "many empty tensors": Bad(
        b"\x0a\x06strict" + b"\x2a\x00" * 15_000, "already exists in request"
    ),
    "another model": Bad(raw("other", X=X), "unknown model 'other'", grpc.StatusCode.NOT_FOUND),
    "another version": Bad(
        Request(model_name="strict", model_version="9"),
        "no version '9'",
        grpc.StatusCode.NOT_FOUND,
    ),
    "no tensor": Bad(Request(model_name="strict"), "missing input 'X'"),
    "a tensor too many": Bad(raw("strict", X=X, Y=X), "unknown input 'Y'"),
    "a tensor twice": Bad(
        Request(model_name="strict", inputs=[Tensor(name="X"), Tensor(name="X")]),
        "already exists",
    ),
    "another datatype": Bad(changed(datatype="FP64"), "has datatype FP32"),
    "no datatype": Bad(changed(datatype=""), "has datatype FP32"),
    "another rank": Bad(changed(shape=[4]), "has shape [-1, 4]"),
    "a negative size": Bad(changed(shape=[-1, 4]), "negative or too large"),
    "a size that overflows": Bad(changed(shape=[2**62, 4]), "negative or too large"),
    "sizes whose product overflows": Bad(changed(shape=[2**31 - 1, 4]), "34359738352 bytes"),
    "too few bytes": Bad(with_raw(bytes(15)), "expected 16, got 15"),
    "too many bytes": Bad(with_raw(bytes(17)), "expected 16, got 17"),
    "no bytes": Bad(with_raw(b""), "expected 16, got 0"),
    "a raw entry too many": Bad(with_raw(bytes(16), bytes(16)), "one entry for each of the 1"),
    "neither raw nor typed": Bad(typed(), "needs 4 values, fp32_contents has 0"),
    "too few values": Bad(typed(fp32_contents=[1, 2, 3]), "needs 4 values, fp32_contents has 3"),
    "another field": Bad(typed(fp64_contents=[1, 2, 3, 4]), "belong into fp32_contents"),
    "two fields": Bad(
        typed(fp32_contents=[1, 2, 3, 4], int_contents=[1]), "belong into fp32_contents"
    ),
    "beyond the rules": Bad(raw("strict", X=X * 10), "element [0, 1]: 20.0 is outside 0 to 10"),
    "NaN where there is a range": Bad(raw("strict", X=X * np.nan), "is outside 0 to 10"),
    "compressed, and broken": Bad(gzip.compress(b"a" * 100)[:-9] + b"x" * 9, "not gzip"),
    "compressed, and half": Bad(zlib.compress(bytes(1000))[:-6], "ends in the middle"),
    "compressed, and swelling": Bad(
        gzip.compress(bytes(200 * MIB)), "decompressed", grpc.StatusCode.RESOURCE_EXHAUSTED
    ),
    "larger than allowed": Bad(
        bytes(MIB + 1), "larger than max", grpc.StatusCode.RESOURCE_EXHAUSTED
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_request_is_refused_in_words_and_the_next_one_answered(
    caller: Caller, name: str
) -> None:
    bad = BAD[name]
    error = caller.refused("ModelInfer", bad.message)

    assert (error.code(), bad.words in error.details()) == (bad.status, True), error.details()
    assert "Traceback" not in error.details()
    assert (numbers(caller.infer(raw("strict", X=X))) == X).all()


@pytest.mark.parametrize(
    "method",
    ["ServerLive", "ModelReady", "ModelMetadata", "ModelConfig", "ModelStatistics",
     "RepositoryIndex", "RepositoryModelLoad"],
)  # fmt: skip
@pytest.mark.parametrize(
    "message",
    [b"\xff\xff", bytes(MIB - 1), gzip.compress(bytes(10 * MIB))],
    ids=["no message", "nothing, at length", "compressed"],
)
def test_no_method_is_brought_down_by_a_message(
    caller: Caller, method: str, message: bytes
) -> None:
    error = caller.refused(method, message)

    assert error.code() in (INVALID, grpc.StatusCode.RESOURCE_EXHAUSTED)
    assert (numbers(caller.infer(raw("strict", X=X))) == X).all()


@pytest.mark.parametrize("path", ["TraceSetting", "Nothing", "/other.Service/Method", "/x", "//"])
def test_what_is_not_served_is_unimplemented(caller: Caller, path: str) -> None:
    assert caller.refused(path).code() is grpc.StatusCode.UNIMPLEMENTED


def test_a_model_that_fails_is_an_internal_error_without_a_trace(
    save: Callable[[str, bytes], Path],
) -> None:
    with (
        serving(save("picky", models.picky()), "--grpc-port", "0") as server,
        calling(server.grpc_port) as caller,
    ):
        error = caller.refused("ModelInfer", raw("picky", X=np.array([[7]], np.int64)))
        good = caller.infer(raw("picky", X=np.array([[2]], np.int64)))

    assert error.code() in (grpc.StatusCode.INTERNAL, INVALID)
    assert ".cc" not in error.details()
    assert numbers(good) == 30


def test_refusals_are_counted_as_over_http(strict: Server, caller: Caller) -> None:
    before = {code: count(strict, code) for code in ("200", "400", "404")}
    caller.infer(raw("strict", X=X))
    caller.refused("ModelInfer", raw("other", X=X))
    caller.refused("ModelInfer", changed(shape=[4]))

    assert {code: count(strict, code) - before[code] for code in before} == {
        "200": 1,
        "400": 1,
        "404": 1,
    }
    assert strict.metric("slipway_requests_in_flight") == 0


def count(server: Server, code: str) -> float:
    return server.metric("slipway_requests_total", endpoint="grpc", code=code)
