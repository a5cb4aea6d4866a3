"""Refuse a request whose body nobody has read, so that the client hears of it.

A connection that is closed while its client still sends is reset, and the reset overtakes the
answer. So what comes is read for a moment longer, and thrown away.
"""

import asyncio
from contextlib import suppress
from typing import Final

from slipway_runtime.errors import RefusedError
from slipway_runtime.server.answers import CLOSE, Header, Receive, Send, refuse

_LINGER_SECONDS: Final = 5


async def refuse_early(
    receive: Receive, send: Send, refused: RefusedError, headers: tuple[Header, ...] = ()
) -> None:
    """Send a refusal, then end the connection."""
    await refuse(send, refused, (*headers, CLOSE), more=True)
    with suppress(TimeoutError):
        async with asyncio.timeout(_LINGER_SECONDS):
            await _discard(receive)
    await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _discard(receive: Receive) -> None:
    while True:
        message = await receive()
        if message["type"] == "http.disconnect" or not message["more_body"]:
            return
