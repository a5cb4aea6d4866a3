"""The waiting line: jobs in order of arrival, in groups of those that can run as one.

Pure: it is told the time, reads no clock and starts nothing.
"""

from collections import deque
from collections.abc import Callable, Hashable

from slipway_runtime.scheduling.job import Job


class Line:
    """What waits. A group is ripe when it is full or its first job has waited long enough."""

    def __init__(self, most_rows: int, delay: float) -> None:
        self._most_rows = most_rows
        self._delay = delay
        self._groups: dict[Hashable, deque[Job]] = {}
        self._length = 0

    def __len__(self) -> int:
        return self._length

    def add(self, job: Job) -> None:
        """Let a job wait."""
        self._groups.setdefault(job.group, deque()).append(job)
        self._length += 1

    def remove(self, job: Job) -> None:
        """Forget a job that waits; of any other nothing is known here."""
        jobs = self._groups.get(job.group, deque())
        if job in jobs:
            jobs.remove(job)
            self._shorten(job.group, 1)

    def take(self, now: float, may_run: Callable[[int], bool]) -> list[Job]:
        """Take out what is to run now: of the ripe group that has waited longest.

        `may_run` says whether so many elements can start now.
        """
        for jobs in sorted(self._groups.values(), key=_age):
            count = self._next(jobs)
            chosen = [jobs[index] for index in range(count)]
            if self._ripe(jobs, now) and may_run(sum(job.size for job in chosen)):
                for _ in chosen:
                    jobs.popleft()
                self._shorten(chosen[0].group, count)
                return chosen
        return []

    def ripens(self, now: float) -> float | None:
        """Tell when the next group ripens that is not yet ripe."""
        times = [
            jobs[0].arrived + self._delay
            for jobs in self._groups.values()
            if not self._ripe(jobs, now)
        ]
        return min(times, default=None)

    def _ripe(self, jobs: deque[Job], now: float) -> bool:
        first = jobs[0]
        return (
            first.group is None
            or now >= first.arrived + self._delay
            or sum(job.rows for job in jobs) >= self._most_rows
        )

    def _next(self, jobs: deque[Job]) -> int:
        """Count the jobs that go together: one at least, then as many as their rows allow."""
        rows = 0
        for count, job in enumerate(jobs):
            rows += job.rows
            if count and (job.group is None or rows > self._most_rows):
                return count
        return len(jobs)

    def _shorten(self, group: Hashable, by: int) -> None:
        self._length -= by
        if not self._groups[group]:
            del self._groups[group]


def _age(jobs: deque[Job]) -> float:
    return jobs[0].arrived
