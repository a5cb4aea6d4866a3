"""How an error ends a call: the status, the words, and what the client may do about it.

One table for the whole protocol. No stack trace ever leaves through here.
"""

import logging
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Final, NoReturn

from grpc import StatusCode, stream_stream_rpc_method_handler
from grpc.aio import ServicerContext

from slipway_runtime.errors import InferenceError, OutOfMemoryError, RefusedError

if TYPE_CHECKING:
    from grpc import RpcMethodHandler

log = logging.getLogger("slipway")

_CODES: Final = {
    400: StatusCode.INVALID_ARGUMENT,
    401: StatusCode.UNAUTHENTICATED,
    403: StatusCode.PERMISSION_DENIED,
    404: StatusCode.NOT_FOUND,
    409: StatusCode.FAILED_PRECONDITION,
    413: StatusCode.RESOURCE_EXHAUSTED,
    422: StatusCode.INVALID_ARGUMENT,
    429: StatusCode.RESOURCE_EXHAUSTED,
    499: StatusCode.CANCELLED,
    501: StatusCode.UNIMPLEMENTED,
    503: StatusCode.UNAVAILABLE,
    504: StatusCode.DEADLINE_EXCEEDED,
}
_PUSHBACK: Final = "grpc-retry-pushback-ms"

Context = ServicerContext[bytes, bytes]
Metadata = tuple[tuple[str, str], ...]


def code(status: int) -> StatusCode:
    """Translate an HTTP status."""
    return _CODES.get(status, StatusCode.INTERNAL)


def refusal(error: Exception) -> RefusedError:
    """Put any error into words for a client."""
    if isinstance(error, RefusedError):
        return error
    if isinstance(error, MemoryError):
        error = OutOfMemoryError("not enough memory for this request")
    if isinstance(error, InferenceError):
        log.error("inference failed: %s", error)
        return RefusedError(500, f"inference failed: {error}")
    log.error("a call failed", exc_info=error)
    return RefusedError(500, "internal error; the server's log says more")


async def abort(context: Context, refused: RefusedError) -> NoReturn:
    """End a call with an error, after whatever metadata it already has."""
    kept = tuple(context.trailing_metadata() or ())
    trailing = (*kept, *_advice(refused))
    await context.abort(code(refused.status), refused.message, trailing)
    raise AssertionError("abort has not raised")


def _advice(refused: RefusedError) -> Metadata:
    """Say when to try again: clients with a retry policy wait that long."""
    for name, value in refused.headers:
        if name == "retry-after":
            return ((_PUSHBACK, str(int(value) * 1000)),)
    return ()


def refusing(refused: RefusedError) -> "RpcMethodHandler[bytes, bytes]":
    """Answer a call of any kind with an error, without reading its message."""

    async def call(_: AsyncIterator[bytes], context: Context) -> None:
        await abort(context, refused)

    return stream_stream_rpc_method_handler(call)
