"""Write answers to ASGI. Every error of this process leaves through here, as `{"error": "..."}`."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final, NamedTuple

import orjson

from slipway_runtime.errors import RefusedError

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Header = tuple[bytes, bytes]

JSON: Final = b"application/json"  # exactly this: a client compares it with no charset
CLIENT_GONE: Final = 499
"""What is noted of a request whose client has left; nobody is ever sent it."""
CLOSE: Final[Header] = (b"connection", b"close")


class Answer(NamedTuple):
    """A whole answer, but for what belongs to the connection."""

    status: int
    body: bytes
    headers: tuple[Header, ...]


async def answer(
    send: Send,
    body: bytes,
    *,
    status: int = 200,
    content_type: bytes = JSON,
    headers: tuple[Header, ...] = (),
    more: bool = False,
) -> None:
    """Send a whole answer; `more` keeps the exchange open after its last byte."""
    whole = Answer(status, body, ((b"content-type", content_type), *headers))
    await send_answer(send, whole, more=more)


async def send_answer(send: Send, whole: Answer, *, more: bool = False) -> None:
    """Send an answer that is ready."""
    length = (b"content-length", b"%d" % len(whole.body))
    headers = [*whole.headers, length]
    await send({"type": "http.response.start", "status": whole.status, "headers": headers})
    await send({"type": "http.response.body", "body": whole.body, "more_body": more})


def error_body(words: str) -> bytes:
    """Write an error the way every client of the protocol reads it."""
    return orjson.dumps({"error": words})


INTERNAL_ERROR: Final = error_body("internal error; the server's log says more")


async def refuse(
    send: Send, refused: RefusedError, headers: tuple[Header, ...] = (), more: bool = False
) -> None:
    """Send a refusal."""
    own = tuple((name.encode(), value.encode()) for name, value in refused.headers)
    await answer(
        send,
        error_body(refused.message),
        status=refused.status,
        headers=(*own, *headers),
        more=more,
    )
