"""Bounds on what waits and what is held in memory, so that overload is an answer, not a crash."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from slipway_runtime.errors import RefusedError, unavailable

MIB: Final = 1024 * 1024
LARGEST_BODY: Final = 64 * MIB
QUEUE: Final = 256
"""Requests that may wait for a thread; more would only wait to time out."""

_BODIES_SHARE: Final = 8
_VALUES_SHARE: Final = 4


class Admission:
    """What may wait and be read, given the threads and the memory. For the event loop alone."""

    def __init__(self, threads: int, memory: int) -> None:
        self._places = threads + QUEUE
        self._bodies = memory // _BODIES_SHARE
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


class Room:
    """Memory for the values of requests that are being computed. For threads.

    A request of many values waits until the others have left it room; one that would never
    fit is refused.
    """

    def __init__(self, memory: int) -> None:
        self._size = memory // _VALUES_SHARE
        self._used = 0
        self._changed = threading.Condition()

    @contextmanager
    def take(self, size: int) -> Iterator[None]:
        """Wait for room, and hold it."""
        if size > self._size:
            raise self._too_large(size)
        with self._changed:
            self._changed.wait_for(lambda: self._used + size <= self._size)
            self._used += size
        try:
            yield
        finally:
            with self._changed:
                self._used -= size
                self._changed.notify_all()

    def _too_large(self, size: int) -> RefusedError:
        return RefusedError(
            413,
            f"the request holds too many values for this container's memory: reading it takes "
            f"about {size // MIB} MiB, {self._size // MIB} MiB are allowed; send fewer rows at a "
            "time, or raise the container's memory limit",
        )
