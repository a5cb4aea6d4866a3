"""A bounded queue and the thread that empties it.

`offer` never waits and never fails: what has no room is dropped and counted. Knows nothing of
what the messages are nor of where they go.
"""

import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final, Generic, Protocol, TypeVar

log = logging.getLogger("slipway")

_GATHER_SECONDS: Final = 0.05
"""So that a busy process hands over batches, and is not woken for each message."""

Item = TypeVar("Item")
Taken = TypeVar("Taken", contravariant=True)


class Sink(Protocol[Taken]):
    """Where messages go. Called from one thread; may take its time, and may fail."""

    def write(self, batch: Sequence[Taken]) -> None:
        """Deliver these messages, or raise."""

    def close(self) -> None:
        """Give back what it holds."""


class Outbox(Generic[Item]):
    """Messages on their way to one sink."""

    def __init__(
        self,
        name: str,
        sink: Sink[Item],
        capacity: int,
        on_drop: Callable[[int], None],
        largest_batch: int,
    ) -> None:
        self._name = name
        self._sink = sink
        self._capacity = capacity
        self._on_drop = on_drop
        self._largest_batch = largest_batch
        self._items: deque[tuple[Item, int]] = deque()
        self._held = 0
        self._lock = threading.Lock()
        self._filled = threading.Event()
        self._closing = threading.Event()
        self._failing = False
        self._thread = threading.Thread(target=self._carry, name=name, daemon=True)
        self._thread.start()

    @property
    def held(self) -> int:
        """Bytes that wait or are being written."""
        return self._held

    def has_room(self, size: int) -> bool:
        """Whether a message of this size would be taken now."""
        return self._held + size <= self._capacity and not self._closing.is_set()

    def offer(self, item: Item, size: int) -> bool:
        """Take a message, or drop it where the queue is full."""
        with self._lock:
            taken = self.has_room(size)
            if taken:
                self._items.append((item, size))
                self._held += size
        if taken:
            self._filled.set()
        else:
            self._on_drop(1)
        return taken

    def close(self, seconds: float) -> None:
        """Deliver what waits, for so long at most; the rest is dropped."""
        self._closing.set()
        self._filled.set()
        self._thread.join(seconds)
        with self._lock:
            left = len(self._items)
            self._items.clear()
        if left:
            self._on_drop(left)

    def _carry(self) -> None:
        while not self._closing.is_set() or self._items:
            self._filled.wait()
            self._closing.wait(_GATHER_SECONDS)
            self._filled.clear()
            while batch := self._take():
                self._deliver(batch)
        self._sink.close()

    def _take(self) -> list[tuple[Item, int]]:
        batch: list[tuple[Item, int]] = []
        size = 0
        with self._lock:
            while self._items and (not batch or size + self._items[0][1] <= self._largest_batch):
                batch.append(self._items.popleft())
                size += batch[-1][1]
        return batch

    def _deliver(self, batch: list[tuple[Item, int]]) -> None:
        try:
            self._sink.write([item for item, _ in batch])
        except Exception as error:  # whatever it is, the next batch may succeed
            self._tell(error)
            self._on_drop(len(batch))
        else:
            self._recover()
        finally:
            with self._lock:
                self._held -= sum(size for _, size in batch)

    def _tell(self, error: Exception) -> None:
        if not self._failing:
            log.warning("%s: cannot be written, and is dropped until it can: %s", self._name, error)
        self._failing = True

    def _recover(self) -> None:
        if self._failing:
            log.info("%s: is written again", self._name)
        self._failing = False
