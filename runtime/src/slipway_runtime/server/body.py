"""Read a request's body: counted while it arrives, in bounded time, whatever its headers claim."""

import asyncio
from collections.abc import Sequence

from slipway_runtime.errors import RefusedError
from slipway_runtime.server.admission import MIB, Admission
from slipway_runtime.server.answers import Header, Receive


class DisconnectedError(Exception):
    """The client has gone; there is nobody to answer."""


class Body:
    """The body of one request. `close` gives back what reading it has taken."""

    def __init__(self, receive: Receive, headers: Sequence[Header], admission: Admission) -> None:
        self._receive = receive
        self.headers = dict(headers)
        self._admission = admission
        self._held = 0
        self.complete = False

    @property
    def largest(self) -> int:
        """The largest body that is taken."""
        return self._admission.largest_body

    @property
    def largest_decompressed(self) -> int:
        """The largest that it may become where it is compressed."""
        return self._admission.largest_decompressed

    async def read(self) -> bytes:
        """Read it all, or raise `RefusedError` as soon as it is clear that it cannot be taken."""
        if int(self.headers.get(b"content-length", 0)) > self.largest:
            raise self._too_large()
        chunks: list[bytes] = []
        seconds = self._admission.limits.body_seconds
        try:
            async with asyncio.timeout(seconds):
                while not self.complete:
                    chunks.append(await self._next())
        except TimeoutError:
            words = f"the body did not arrive within {seconds:g} seconds"
            raise RefusedError(408, words) from None
        return b"".join(chunks)

    async def gone(self) -> None:
        """Wait until the client has left."""
        while (await self._receive())["type"] != "http.disconnect":
            pass

    async def _next(self) -> bytes:
        message = await self._receive()
        if message["type"] == "http.disconnect":
            raise DisconnectedError
        chunk: bytes = message["body"]
        size = len(chunk)
        if self._held + size > self.largest:
            raise self._too_large()
        self.hold(size)
        self.complete = not message["more_body"]
        return chunk

    def _too_large(self) -> RefusedError:
        return RefusedError(413, f"the body is larger than the {self.largest // MIB} MiB allowed")

    def hold(self, size: int) -> None:
        """Hold memory for so many bytes."""
        self._admission.hold(size)
        self._held += size

    def close(self) -> None:
        """Give back what is held."""
        self._admission.release(self._held)
        self._held = 0
