"""Time something that is done again and again, for as long as it may take.

Pure but for the clock.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Final

_WARM: Final = 3
_FEWEST: Final = 5


@dataclass(frozen=True, slots=True)
class Timing:
    """Many durations of one thing, in seconds."""

    median: float
    p99: float
    count: int
    elapsed: float

    @property
    def per_second(self) -> float:
        """How often it was done in a second."""
        return self.count / self.elapsed


def summary(durations: Sequence[float], elapsed: float) -> Timing:
    """Sum durations up."""
    ordered = sorted(durations)
    return Timing(
        median=ordered[len(ordered) // 2],
        p99=ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))],
        count=len(ordered),
        elapsed=elapsed,
    )


def repeat(action: Callable[[], object], seconds: float) -> Timing:
    """Do it until the time is over, at least a few times."""
    for _ in range(_WARM):
        action()
    started = perf_counter()
    found = durations(action, seconds)
    return summary(found, perf_counter() - started)


def durations(action: Callable[[], object], seconds: float) -> list[float]:
    """Do it until the time is over, at least a few times; tell how long each took."""
    found: list[float] = []
    end = perf_counter() + seconds
    while (began := perf_counter()) < end or len(found) < _FEWEST:
        action()
        found.append(perf_counter() - began)
    return found
