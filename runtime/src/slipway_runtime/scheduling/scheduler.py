"""Decides when and where each prediction runs. Everything here happens on the event loop.

Short runs are done at once on the loop itself, others in threads; what can be joined is, when
that is asked for. Bounds what waits, ends what takes too long, and drops what nobody waits for.
Knows no wire format and no client.
"""

import asyncio
import logging
from asyncio import Future, Task, TimerHandle
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from time import perf_counter
from typing import Any

from slipway_runtime import stages
from slipway_runtime.errors import RefusedError, unavailable
from slipway_runtime.inference import Inference
from slipway_runtime.metrics import Metrics
from slipway_runtime.model import Model
from slipway_runtime.scheduling import cache, grouping, running
from slipway_runtime.scheduling.job import Done, Job, Outcome, measure
from slipway_runtime.scheduling.line import Line
from slipway_runtime.scheduling.pace import Pace
from slipway_runtime.scheduling.running import Ran, Running
from slipway_runtime.scheduling.settings import SchedulingSettings
from slipway_runtime.signature import Tensor

Gone = Callable[[], Coroutine[Any, Any, None]]

log = logging.getLogger("slipway")


class Scheduler:
    """The only one who runs a served model."""

    def __init__(
        self,
        settings: SchedulingSettings,
        threads: int,
        metrics: Metrics,
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        self._settings = settings
        self._metrics = metrics
        self._loop = loop
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="inference")
        self._free = threads
        self._line = Line(settings.batch_rows, settings.batch_delay)
        self._cache = cache.Cache(settings.cache_bytes) if settings.cache_bytes else None
        self._serial = 0
        self._pace = Pace()
        self._joins = False
        self._at_once = False
        self._unwatched: list[Job] = []
        self._called = False
        self._alarm: TimerHandle | None = None
        metrics.watch_line(lambda: len(self._line))

    async def run(
        self, model: Model, inference: Inference, gone: Gone | None = None
    ) -> list[Tensor]:
        """Answer a prediction; cancelling the caller cancels the work.

        So does `gone` when it returns, which it does once nobody waits for the answer.
        """
        answer: Future[list[Tensor]] = self._loop.create_future()
        job = self.submit(model, inference, partial(_settle, answer))
        if job is None or gone is None:
            return await _or_cancel(answer, job)
        watch = self._loop.create_task(gone())
        watch.add_done_callback(partial(_desert, answer))
        try:
            return await _or_cancel(answer, job)
        finally:
            watch.cancel()

    def submit(self, model: Model, inference: Inference, done: Done) -> Job | None:
        """Take a prediction on; `done` is called on the loop.

        None says that it has been called already.
        """
        if model.serial != self._serial:
            self.meet(model)
        if self._at_once:
            size, rows = measure(inference)
            if self._pace.quick(size):
                self._run_alone(model, inference, size, rows, done)
                return None
        job = Job(model, inference, done, self._withdraw)
        if self._cache is not None and self._remembered(job, self._cache):
            return None
        if self._joins and 0 < job.rows < self._settings.batch_rows:
            job.group = (model.serial, grouping.key(inference, model.signature))
        self._wait(job)
        return job

    def meet(self, model: Model) -> None:
        """Forget what was learned of another model."""
        self._serial = model.serial
        self._pace = Pace()
        signature = model.signature
        self._joins = (
            self._settings.batch_rows > 1 and signature.row_wise and not signature.single_row
        )
        self._at_once = self._cache is None and not self._joins

    def _run_alone(
        self, model: Model, inference: Inference, size: int, rows: int, done: Done
    ) -> None:
        """Do what `_wait` and `_conclude` do for others, here and now: the shortest way."""
        began = perf_counter()
        outcome: Outcome
        try:
            outcome = model.compute(inference.feed, inference.outputs)
        except Exception as error:
            outcome = error
        now = perf_counter()
        seconds = now - began
        self._pace.ran_here(size, seconds)
        self._metrics.waited(0.0)
        self._metrics.ran((rows,), seconds)
        if (listener := stages.listener()) is not None:
            listener.append(stages.Stage("compute", began, now))
        done(outcome)

    def _remembered(self, job: Job, known: cache.Cache) -> bool:
        job.remember = cache.key(job.model, job.inference)
        tensors = known.find(job.remember)
        self._metrics.looked_up(hit=tensors is not None)
        if tensors is None:
            return False
        job.settle(tensors)
        return True

    def _wait(self, job: Job) -> None:
        if len(self._line) >= self._settings.queue + self._free:
            job.settle(unavailable("too many requests are waiting here; try again soon"))
            return
        self._line.add(job)
        self._unwatched.append(job)
        if job.group is None:
            self._dispatch()
        elif not self._called:
            # After everything else that has arrived in this turn of the loop.
            self._called = True
            self._loop.call_soon(self._dispatch)

    def _dispatch(self) -> None:
        """Start whatever can start."""
        self._called = False
        now = perf_counter()
        while jobs := self._line.take(now, self._may_run):
            size = sum([job.size for job in jobs])
            if self._pace.quick(size):
                ran = running.run(jobs)
                self._pace.ran_here(size, ran.seconds / len(ran.rows))
                self._conclude(jobs, ran)
            else:
                self._start(jobs)
            now = perf_counter()
        self._watch(now)
        self._set_alarm(now)

    def _may_run(self, size: int) -> bool:
        return self._free > 0 or self._pace.quick(size)

    def _start(self, jobs: Sequence[Job]) -> None:
        run = Running(jobs, jobs[0].model.engine.cancel_token())
        for job in jobs:
            job.running = run
        self._free -= 1
        self._threads.submit(self._work, run)

    def _work(self, run: Running) -> None:
        """In a thread."""
        ran = running.run(run.jobs, run.token)
        with suppress(RuntimeError):  # the loop has ended, and everybody has left
            self._loop.call_soon_threadsafe(self._finish, run.jobs, ran)

    def _finish(self, jobs: Sequence[Job], ran: Ran) -> None:
        self._free += 1
        self._pace.ran_in_thread(sum([job.size for job in jobs]), ran.busy / len(ran.rows))
        self._conclude(jobs, ran)
        self._dispatch()

    def _conclude(self, jobs: Sequence[Job], ran: Ran) -> None:
        """Hand out what came of a run, in the order in which it was asked for."""
        self._metrics.ran(ran.rows, ran.seconds)
        if not ran.joinable and jobs[0].model.serial == self._serial and self._joins:
            self._joins, self._at_once = False, self._cache is None
            log.warning("requests are no longer joined: the model does not answer row by row")
        for job, outcome in zip(jobs, ran.outcomes, strict=True):
            self._metrics.waited(ran.began - job.arrived)
            if job.listener is not None:
                job.listener += (
                    stages.Stage("queue", job.arrived, ran.began),
                    stages.Stage("compute", ran.began, ran.began + ran.seconds),
                )
            if self._cache is not None and job.remember and not isinstance(outcome, Exception):
                self._cache.keep(job.remember, outcome)
            job.settle(outcome)

    def _watch(self, now: float) -> None:
        """Give a time limit to whatever could not be answered at once."""
        jobs, self._unwatched = self._unwatched, []
        for job in jobs:
            if not job.settled:
                limit = min(job.inference.timeout or self._settings.timeout, self._settings.timeout)
                left = max(0.0, job.arrived + limit - now)
                job.timer = self._loop.call_later(left, self._expire, job, limit)

    def _expire(self, job: Job, limit: float) -> None:
        job.settle(RefusedError(504, f"there was no answer within {limit:g} seconds"))
        self._withdraw(job)

    def _withdraw(self, job: Job) -> None:
        if job.running is not None:
            job.running.stop_if_deserted()
        else:
            self._line.remove(job)

    def _set_alarm(self, now: float) -> None:
        """Look again when the next group is ripe that was not at this moment."""
        if self._alarm is not None:
            self._alarm.cancel()
        ripe = self._line.ripens(now)
        self._alarm = None
        if ripe is not None:
            self._alarm = self._loop.call_later(max(0.0, ripe - now), self._dispatch)


def _settle(answer: "Future[list[Tensor]]", outcome: Outcome) -> None:
    if answer.done():
        return
    if isinstance(outcome, Exception):
        answer.set_exception(outcome)
    else:
        answer.set_result(outcome)


def _desert(answer: "Future[list[Tensor]]", watch: "Task[None]") -> None:
    if not watch.cancelled():
        _settle(answer, RefusedError(499, "the client has left"))


async def _or_cancel(answer: "Future[list[Tensor]]", job: Job | None) -> list[Tensor]:
    try:
        return await answer
    finally:
        if job is not None:
            job.cancel()
