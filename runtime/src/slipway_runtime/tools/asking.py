"""Ask a server on this machine as fast as it answers, over connections that stay open.

Speaks just enough HTTP/1.1 for answers with a content-length, so that the client costs little
beside the server it measures.
"""

import asyncio
from time import perf_counter
from typing import Final

import uvloop

from slipway_runtime.errors import InferenceError
from slipway_runtime.tools.timing import Timing, summary

_OK: Final = b"HTTP/1.1 200"
_LENGTH: Final = b"content-length: "
_HOST: Final = "127.0.0.1"
_WARM_SHARE: Final = 0.2


def ask(port: int, path: str, body: bytes, connections: int, seconds: float) -> Timing:
    """Keep so many requests under way for so long; a part of the time warms the server up."""
    head = (
        f"POST {path} HTTP/1.1\r\nhost: {_HOST}\r\ncontent-type: application/json\r\n"
        f"content-length: {len(body)}\r\n\r\n"
    )
    return uvloop.run(_ask(port, head.encode() + body, connections, seconds))


async def _ask(port: int, request: bytes, connections: int, seconds: float) -> Timing:
    durations: list[float] = []
    started = perf_counter()
    counted_from = started + seconds * _WARM_SHARE
    end = started + seconds
    async with asyncio.TaskGroup() as group:
        for _ in range(connections):
            group.create_task(_converse(port, request, durations, counted_from, end))
    return summary(durations, end - counted_from)


async def _converse(
    port: int, request: bytes, durations: list[float], counted_from: float, end: float
) -> None:
    reader, writer = await asyncio.open_connection(_HOST, port)
    try:
        while (sent := perf_counter()) < end or not durations:
            writer.write(request)
            await _answer(reader)
            if sent >= counted_from:
                durations.append(perf_counter() - sent)
    finally:
        writer.close()


async def _answer(reader: asyncio.StreamReader) -> None:
    head = await reader.readuntil(b"\r\n\r\n")
    length = head.lower().partition(_LENGTH)[2].partition(b"\r\n")[0]
    body = await reader.readexactly(int(length or 0))
    if not head.startswith(_OK):
        raise InferenceError(f"the server refused: {body[:300].decode(errors='replace')}")
