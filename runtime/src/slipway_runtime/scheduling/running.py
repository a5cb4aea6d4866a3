"""One run of a model for one job or several; on the event loop or in a thread alike.

A run that fails for several is repeated for each alone, so that a bad row fails by itself. Raises
nothing: every job gets an outcome.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter, thread_time

from slipway_runtime.engine.base import CancelToken
from slipway_runtime.errors import StoppedError
from slipway_runtime.scheduling import grouping
from slipway_runtime.scheduling.job import Job, Outcome
from slipway_runtime.signature import Tensor


@dataclass(frozen=True, slots=True)
class Running:
    """Jobs that a thread computes now, and what ends it."""

    jobs: Sequence[Job]
    token: CancelToken | None

    def stop_if_deserted(self) -> None:
        """End the run once nobody waits for any of its answers."""
        if self.token is not None and all(job.settled for job in self.jobs):
            self.token.terminate = True


@dataclass(frozen=True, slots=True)
class Ran:
    """What came of a run, an outcome for each job, and what it took."""

    outcomes: Sequence[Outcome]
    began: float
    seconds: float
    busy: float
    """Seconds of this thread's own work: what waiting for a processor took is no cost of it."""
    rows: Sequence[int]
    """How many rows each run had: of several runs the first has failed."""
    joinable: bool = True
    """Whether the model kept its promise of one row out for one row in."""


def run(jobs: Sequence[Job], token: CancelToken | None = None) -> Ran:
    """Compute all."""
    started, worked = perf_counter(), thread_time()
    rows, joinable = [sum([job.rows for job in jobs])], True
    outcomes: Sequence[Outcome]
    try:
        outcomes = _together(jobs, token)
    except Exception as error:
        if len(jobs) == 1 or isinstance(error, StoppedError):
            outcomes = [error] * len(jobs)
        else:
            outcomes = [_alone(job, token) for job in jobs]
            rows += [job.rows for job in jobs]
            joinable = not isinstance(error, grouping.RowsError)
    return Ran(outcomes, started, perf_counter() - started, thread_time() - worked, rows, joinable)


def _together(jobs: Sequence[Job], token: CancelToken | None) -> list[list[Tensor]]:
    first = jobs[0]
    if len(jobs) == 1:
        return [first.model.compute(first.inference.feed, first.inference.outputs, token)]
    feed = grouping.join([job.inference for job in jobs])
    tensors = first.model.compute(feed, first.inference.outputs, token)
    return grouping.split(tensors, [job.rows for job in jobs])


def _alone(job: Job, token: CancelToken | None) -> Outcome:
    try:
        return job.model.compute(job.inference.feed, job.inference.outputs, token)
    except Exception as error:
        return error
