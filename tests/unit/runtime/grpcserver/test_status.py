"""Every error has a status, and words that a client may see."""

import pytest
from grpc import StatusCode

from slipway_runtime.errors import InferenceError, OutOfMemoryError, RefusedError, bad_request
from slipway_runtime.grpcserver.status import code, refusal


@pytest.mark.parametrize(
    ("http", "grpc"),
    [
        (400, StatusCode.INVALID_ARGUMENT),
        (401, StatusCode.UNAUTHENTICATED),
        (403, StatusCode.PERMISSION_DENIED),
        (404, StatusCode.NOT_FOUND),
        (413, StatusCode.RESOURCE_EXHAUSTED),
        (422, StatusCode.INVALID_ARGUMENT),
        (429, StatusCode.RESOURCE_EXHAUSTED),
        (499, StatusCode.CANCELLED),
        (500, StatusCode.INTERNAL),
        (501, StatusCode.UNIMPLEMENTED),
        (503, StatusCode.UNAVAILABLE),
        (504, StatusCode.DEADLINE_EXCEEDED),
        (599, StatusCode.INTERNAL),
    ],
)
def test_each_http_status_has_one_of_grpc(http: int, grpc: StatusCode) -> None:
    assert code(http) is grpc


def test_a_refusal_stays_as_it_is() -> None:
    refused = bad_request("it is wrong")
    assert refusal(refused) is refused


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (InferenceError("a node failed"), "inference failed: a node failed"),
        (OutOfMemoryError("too little"), "inference failed: too little"),
        (MemoryError(), "inference failed: not enough memory for this request"),
        (KeyError("secret"), "internal error; the server's log says more"),
    ],
)
def test_what_is_nobodys_fault_is_internal_and_says_nothing_of_the_inside(
    error: Exception, words: str
) -> None:
    told = refusal(error)
    assert isinstance(told, RefusedError)
    assert (told.status, told.message) == (500, words)
