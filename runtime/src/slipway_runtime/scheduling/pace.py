"""How long runs of a model take, by the size of what they are given. Pure arithmetic.

A run that is surely short is done on the event loop, where it costs no change of thread.
"""

from typing import Final

QUICK: Final = 0.0003
"""Seconds that everything else on the event loop may have to wait for one run."""

_FORGETS: Final = 0.03
"""Slowly: one long run among many short ones is a reason for care for a while."""


class Pace:
    """An estimate for each power of two of elements; it rises at once and falls slowly."""

    def __init__(self) -> None:
        self._seconds: dict[int, float] = {}

    def note(self, size: int, seconds: float) -> None:
        """Learn from a run."""
        scale = size.bit_length()
        known = self._seconds.get(scale, 0.0)
        if seconds < known:
            seconds = known + (seconds - known) * _FORGETS
        self._seconds[scale] = seconds

    def quick(self, size: int) -> bool:
        """Whether so many elements are surely computed in a moment. What is new is not."""
        seconds = self._estimate(size.bit_length())
        return seconds is not None and seconds < QUICK

    def _estimate(self, scale: int) -> float | None:
        if scale in self._seconds:
            return self._seconds[scale]
        known = [smaller for smaller in self._seconds if smaller < scale]
        if not known:
            return None
        nearest = max(known)
        return self._seconds[nearest] * 2.0 ** (scale - nearest)
