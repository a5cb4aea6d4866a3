"""How long runs of a model take, by the size of what they are given. Pure arithmetic.

A run that is surely short is done on the event loop, where it costs no change of thread.
"""

import math
from typing import Final

QUICK: Final = 0.0003
"""Seconds that everything else on the event loop may have to wait for one run."""

_STALL: Final = 1.0
"""Seconds that are believed at once: on the event loop there must not be a second such run."""

_FORGETS: Final = 0.03
"""Slowly: one long run among many short ones is a reason for care for a while."""


class Pace:
    """An estimate for each power of two of elements; it rises at once and falls slowly."""

    def __init__(self) -> None:
        self._seconds: dict[int, float] = {}
        self.doubtful = False
        """A run has taken surprisingly long, or perhaps another process had the processor: the
        next one should be measured in this thread's own time, which costs more to ask for."""

    def note(self, size: int, seconds: float, *, sure: bool = False) -> None:
        """Learn from a run; `sure` says that the time is the thread's own."""
        scale = size.bit_length()
        known = self._seconds.get(scale)
        if known is None:
            self._seconds[scale] = seconds
        elif seconds < known:
            self._seconds[scale] = known + (seconds - known) * _FORGETS
        elif sure or seconds < QUICK or seconds > _STALL:
            self._seconds[scale] = seconds
        self.doubtful = not sure and seconds >= QUICK

    def quick(self, size: int) -> bool:
        """Whether so many elements are surely computed in a moment. What is new is not."""
        scale = size.bit_length()
        seconds = self._seconds.get(scale)
        return (self._guess(scale) if seconds is None else seconds) < QUICK

    def _guess(self, scale: int) -> float:
        """Expect of more elements proportionally more work than of the nearest that is known."""
        nearest = max((known for known in self._seconds if known < scale), default=None)
        if nearest is None:
            return math.inf
        return self._seconds[nearest] * 2.0 ** (scale - nearest)
