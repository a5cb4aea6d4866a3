"""What is made of the runs: medians, ratios, and whether a target is met. Pure; knows no server."""

import statistics
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Run:
    """One short run: requests a second, latencies in milliseconds, and what went wrong.

    `cost` is the server's own processor time for a request, in microseconds: it says the same on a
    machine that is busy with other things.
    """

    rate: float
    p50: float | None = None
    p99: float | None = None
    requests: int = 0
    errors: int = 0
    cost: float | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """All runs of one contender; `failure` says why there is nothing to compare."""

    label: str
    runs: tuple[Run, ...] = ()
    failure: str = ""

    @property
    def rate(self) -> float:
        """The median of the runs' rates."""
        return statistics.median(run.rate for run in self.runs)

    @property
    def p50(self) -> float | None:
        """The median of the runs' medians."""
        return _median(run.p50 for run in self.runs)

    @property
    def p99(self) -> float | None:
        """The median of the runs' 99th percentiles."""
        return _median(run.p99 for run in self.runs)

    @property
    def cost(self) -> float | None:
        """The median of the runs' processor time for a request."""
        return _median(run.cost for run in self.runs)


@dataclass(frozen=True, slots=True)
class Target:
    """What Slipway has to reach against another contender: a share of its rate, of its p99."""

    rate: float
    p99: float | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """Slipway beside one other contender."""

    rate: float
    p99: float | None

    def meets(self, target: Target) -> bool:
        """Tell whether all of the target is reached; a latency that is missing does not reach."""
        if self.rate < target.rate:
            return False
        return target.p99 is None or (self.p99 is not None and self.p99 <= target.p99)


def finished(label: str, runs: Iterable[Run]) -> Row:
    """Make a row of runs; errors fail it, and so does a run without any answer."""
    taken = tuple(runs)
    errors = sum(run.errors for run in taken)
    if errors:
        return Row(label, taken, f"{errors:,} requests failed")
    return Row(label, taken, "" if all(run.rate for run in taken) else "a run without any answer")


def compare(slipway: Row, other: Row) -> Comparison | None:
    """Say how many times the other's rate and latency Slipway has, when both can be compared."""
    if slipway.failure or other.failure:
        return None
    both = slipway.p99 is not None and other.p99 is not None
    p99 = slipway.p99 / other.p99 if both and slipway.p99 and other.p99 else None
    return Comparison(slipway.rate / other.rate, p99)


def percentile(values: Iterable[float], share: float) -> float:
    """Take the nearest-rank percentile, as the load clients do."""
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * share // 1) - 1).__int__()]


def drift(before: float, after: float) -> float:
    """Tell by how many percent a value has moved."""
    return (after / before - 1) * 100


def _median(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return statistics.median(known) if known else None
