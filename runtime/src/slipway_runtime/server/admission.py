"""Bounds on what waits and what is held in memory, so that overload is an answer, not a crash.

Counts only; used by the event loop alone, so it needs no lock.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from slipway_runtime.errors import RefusedError, unavailable

MIB: Final = 1024 * 1024
LARGEST_BODY: Final = 64 * MIB
QUEUE: Final = 256
"""Requests that may wait for a thread; more would only wait to time out."""

_BODIES_SHARE: Final = 8
_PARSING_SHARE: Final = 4


class Admission:
    """What this process can take, given its threads and its memory in bytes."""

    def __init__(self, threads: int, memory: int) -> None:
        self._places = threads + QUEUE
        self._bodies = memory // _BODIES_SHARE
        self._parsing = memory // _PARSING_SHARE // threads
        self._taken = 0
        self._held = 0

    @property
    def largest_body(self) -> int:
        """The largest body that this process ever takes."""
        return min(LARGEST_BODY, self._bodies)

    @contextmanager
    def place(self) -> Iterator[None]:
        """Hold a place in the queue or in a thread."""
        if self._taken >= self._places:
            raise unavailable("too many requests are waiting here; try again soon")
        self._taken += 1
        try:
            yield
        finally:
            self._taken -= 1

    def hold(self, size: int) -> None:
        """Hold so many more bytes of bodies."""
        if self._held + size > self._bodies:
            raise unavailable("too many large requests are being read here; try again soon")
        self._held += size

    def release(self, size: int) -> None:
        """Give bytes back."""
        self._held -= size

    def expect_room(self, cost: int) -> None:
        """Refuse a body whose values alone would not fit into this container's memory."""
        if cost > self._parsing:
            raise RefusedError(
                413,
                f"the request holds too many values for this container's memory: reading it takes "
                f"about {cost // MIB} MiB, {self._parsing // MIB} MiB are allowed; send fewer rows "
                "at a time, or raise the container's memory limit",
            )
