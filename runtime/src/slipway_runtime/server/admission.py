"""Bounds on what waits and what is held in memory, so that overload is an answer, not a crash."""

from asyncio import Future, get_running_loop
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from slipway_runtime.errors import RefusedError, unavailable
from slipway_runtime.server.settings import LimitSettings

MIB: Final = 1024 * 1024

_BODIES_SHARE: Final = 8
_VALUES_SHARE: Final = 4


class Admission:
    """What may be read at once, given the memory. For the event loop alone."""

    def __init__(self, memory: int, limits: LimitSettings) -> None:
        self.limits = limits
        self._bodies = memory // _BODIES_SHARE
        self._held = 0

    @property
    def largest_body(self) -> int:
        """The largest body that this process ever takes."""
        return min(self.limits.body, self._bodies)

    @property
    def largest_decompressed(self) -> int:
        """The largest that a compressed body may become."""
        return min(self.limits.decompressed, self._bodies)

    def hold(self, size: int) -> None:
        """Hold so many more bytes of bodies."""
        if self._held + size > self._bodies:
            raise unavailable("too many large requests are being read here; try again soon")
        self._held += size

    def release(self, size: int) -> None:
        """Give bytes back."""
        self._held -= size


class Room:
    """Memory for the values of large requests that are being computed. For the event loop alone.

    A request of many values waits until the others have left it room; one that would never
    fit is refused.
    """

    def __init__(self, memory: int) -> None:
        self.size = memory // _VALUES_SHARE
        self._used = 0
        self._waiting: deque[tuple[int, Future[None]]] = deque()

    @asynccontextmanager
    async def take(self, size: int) -> AsyncIterator[None]:
        """Wait for room, in order of arrival, and hold it."""
        if size > self.size:
            raise self._too_large(size)
        turn = get_running_loop().create_future()
        self._waiting.append((size, turn))
        try:
            self._let_in()
            await turn
            yield
        finally:
            self._leave(size, turn)

    def _let_in(self) -> None:
        while self._waiting and self._used + self._waiting[0][0] <= self.size:
            size, turn = self._waiting.popleft()
            if not turn.cancelled():
                self._used += size
                turn.set_result(None)

    def _leave(self, size: int, turn: "Future[None]") -> None:
        if turn.done() and not turn.cancelled():
            self._used -= size
        elif (size, turn) in self._waiting:
            self._waiting.remove((size, turn))
        self._let_in()

    def _too_large(self, size: int) -> RefusedError:
        return RefusedError(
            413,
            f"the request holds too many values for this container's memory: reading it takes "
            f"about {size // MIB} MiB, {self.size // MIB} MiB are allowed; send fewer rows at a "
            "time, or raise the container's memory limit",
        )
