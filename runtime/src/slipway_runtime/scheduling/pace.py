"""Whether runs of a model are short enough for the event loop, by the size of what they are given.

Pure bookkeeping. On the loop a run costs no change of thread, and everything else waits for it.
What a run takes there is seen by everybody else, so the clock on the wall decides; in a thread
it also measures the wait for Python's lock, so there the thread's own time does.
"""

from typing import Final

QUICK: Final = 0.0005
"""Seconds that everything else may have to wait for one run."""

_STALL: Final = 0.25
"""Seconds after which no second such run is tried on the loop to be sure."""

_SUSPICIONS: Final = 4.0
_EASES: Final = 1 / 8
"""A run may be long because another process had the processor: not one in nine, though."""

_PROBATION: Final = 32
_LONGEST_PROBATION: Final = 1 << 20


class _Record:
    """What is known of runs of about one size."""

    __slots__ = ("next_probation", "probation", "suspicion")

    def __init__(self) -> None:
        self.suspicion = 0.0
        self.probation = 1
        """Short runs in threads until the loop is tried."""
        self.next_probation = _PROBATION


class Pace:
    """A record for each power of two of elements."""

    def __init__(self) -> None:
        self._records: dict[int, _Record] = {}

    def quick(self, size: int) -> bool:
        """Whether so many elements are surely computed in a moment. What is new is not."""
        record = self._records.get(size.bit_length())
        return record is not None and record.probation == 0

    def ran_here(self, size: int, seconds: float) -> None:
        """Learn from a run on the loop, which had been found quick."""
        record = self._records[size.bit_length()]
        if seconds < QUICK:
            if record.suspicion:
                record.suspicion = max(0.0, record.suspicion - _EASES)
            return
        record.suspicion += 1
        if record.suspicion > _SUSPICIONS or seconds > _STALL:
            record.suspicion = 0.0
            record.probation = record.next_probation
            record.next_probation = min(2 * record.next_probation, _LONGEST_PROBATION)

    def ran_in_thread(self, size: int, busy: float) -> None:
        """Learn from a run in a thread, from the time in which that thread worked."""
        record = self._records.setdefault(size.bit_length(), _Record())
        if busy >= QUICK:
            record.probation = max(record.probation, _PROBATION)
        elif record.probation:
            record.probation -= 1
