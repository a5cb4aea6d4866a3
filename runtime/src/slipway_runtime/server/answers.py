"""Write answers to ASGI. Every error of this process leaves through here, as `{"error": "..."}`."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final

import orjson

from slipway_runtime.errors import RefusedError

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Header = tuple[bytes, bytes]

JSON: Final = b"application/json"  # exactly this: a client compares it with no charset
CLOSE: Final[Header] = (b"connection", b"close")


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
    await send(
        {
            "type": "http.response.start",
            "status": status,
            "headers": [
                (b"content-type", content_type),
                (b"content-length", b"%d" % len(body)),
                *headers,
            ],
        }
    )
    await send({"type": "http.response.body", "body": body, "more_body": more})


def error_body(words: str) -> bytes:
    """Write an error the way every client of the protocol reads it."""
    return orjson.dumps({"error": words})


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
