import threading
import time
from collections.abc import Sequence

import pytest

from slipway_runtime.outbox.queue import Outbox


class Slow:
    """A sink that stands still until it is let go, and may fail."""

    def __init__(self, fails: int = 0) -> None:
        self.go = threading.Event()
        self.batches: list[list[bytes]] = []
        self.closed = False
        self._fails = fails

    def write(self, batch: Sequence[bytes]) -> None:
        self.go.wait(10)
        if self._fails:
            self._fails -= 1
            raise OSError("no disk")
        self.batches.append(list(batch))

    def close(self) -> None:
        self.closed = True

    @property
    def all(self) -> list[bytes]:
        return [item for batch in self.batches for item in batch]


def outbox(sink: Slow, dropped: list[int], capacity: int = 100) -> Outbox[bytes]:
    return Outbox("test", sink, capacity, dropped.append, largest_batch=30)


def offer(box: Outbox[bytes], count: int) -> list[bool]:
    return [box.offer(b"%d" % number, 10) for number in range(count)]


def test_what_is_offered_is_delivered_in_order_and_in_batches() -> None:
    sink, dropped = Slow(), list[int]()
    sink.go.set()
    box = outbox(sink, dropped)

    assert all(offer(box, 10))
    box.close(5)

    assert sink.all == [b"%d" % number for number in range(10)]
    assert max(map(len, sink.batches)) <= 3
    assert dropped == []
    assert sink.closed


def test_what_has_no_room_is_dropped_at_once_and_counted() -> None:
    sink, dropped = Slow(), list[int]()
    box = outbox(sink, dropped)

    started = time.monotonic()
    taken = offer(box, 1000)

    assert time.monotonic() - started < 1
    assert taken.count(True) == 10
    assert sum(dropped) == 990
    assert box.held == 100
    sink.go.set()
    box.close(5)
    assert len(sink.all) == 10


def test_what_is_being_written_still_takes_room() -> None:
    sink, dropped = Slow(), list[int]()
    box = outbox(sink, dropped)
    offer(box, 10)
    time.sleep(0.3)

    assert not box.offer(b"more", 10)

    sink.go.set()
    box.close(5)


def test_a_sink_that_fails_loses_a_batch_and_not_the_next(
    caplog: pytest.LogCaptureFixture,
) -> None:
    sink, dropped = Slow(fails=2), list[int]()
    sink.go.set()
    caplog.set_level("INFO")
    box = outbox(sink, dropped)

    offer(box, 10)
    box.close(5)

    assert sum(dropped) == 6
    assert sink.all == [b"6", b"7", b"8", b"9"]
    assert [record.message for record in caplog.records] == [
        "test: cannot be written, and is dropped until it can: no disk",
        "test: is written again",
    ]


def test_the_end_does_not_wait_for_a_sink_that_stands_still() -> None:
    sink, dropped = Slow(), list[int]()
    box = outbox(sink, dropped)
    offer(box, 10)
    time.sleep(0.2)

    started = time.monotonic()
    box.close(0.1)

    assert time.monotonic() - started < 1
    assert sum(dropped) == 7, "a batch of three is being written"
    assert not box.offer(b"late", 1)
    sink.go.set()
