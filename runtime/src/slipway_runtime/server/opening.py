"""From a file to an open door, and from the next file to the same door.

What is prepared here beside a model that serves takes its place in one step. Runs in threads but
for `swap`, and imports the model's libraries late: the server is up before them.
"""

import asyncio
import gc
import logging
import threading
import weakref
from collections.abc import Callable
from functools import partial
from time import perf_counter
from typing import TYPE_CHECKING, NamedTuple

from slipway_runtime import cgroup
from slipway_runtime.lifecycle import checksum
from slipway_runtime.lifecycle.reload import Outcome, Reloader, Report, Swapped
from slipway_runtime.lifecycle.state import AsgiApp, Phase, State
from slipway_runtime.metrics import Metrics
from slipway_runtime.server.later import Later
from slipway_runtime.settings import ServeSettings

if TYPE_CHECKING:
    from slipway_runtime.lifecycle.repository import Repository
    from slipway_runtime.model import Model

log = logging.getLogger("slipway")


class Prepared(NamedTuple):
    """All that answers for one model."""

    model: "Model"
    pages: AsgiApp


class Opening:
    """The way from a file to readiness."""

    def __init__(
        self,
        settings: ServeSettings,
        limits: cgroup.Limits,
        state: State,
        metrics: Metrics,
        tell: Callable[[Report], None],
    ) -> None:
        self._settings = settings
        self._limits = limits
        self._state = state
        self._metrics = metrics
        self._loop = asyncio.get_running_loop()
        self._opened = threading.Event()
        self.reloader = Reloader(self._prepare_next, self._swap, tell)

    def run(self) -> None:
        """Load, warm up, and open the doors for the first time."""
        started = perf_counter()
        self._state.advance(Phase.LOADING)
        prepared = self._prepare()
        from slipway_runtime.scheduling.scheduler import Scheduler

        self._state.scheduler = Scheduler(
            self._settings.scheduling, self._limits.threads, self._metrics, self._loop
        )
        self._place(prepared)
        self._opened.set()
        # What exists now stays: the collector need not look at it again.
        gc.collect()
        gc.freeze()
        log.info(
            "ready: model %s, loaded and warmed in %.2f s, %d threads",
            self._settings.identity.name,
            perf_counter() - started,
            self._limits.threads,
        )

    async def load(self) -> str | None:
        """Load the file anew; say in words what is wrong, if it cannot be served."""
        report = await self.reloader.reload()
        return None if report.outcome is Outcome.LOADED else report.message

    def _prepare_next(self) -> Prepared:
        """Prepare another model, but never overtake the first."""
        self._opened.wait()
        return self._prepare()

    def _prepare(self) -> Prepared:
        """Verify, load and warm the file; raise `ModelError` where it is no model to serve."""
        from slipway_runtime.lifecycle import loading
        from slipway_runtime.lifecycle.repository import Repository

        checksum.expect(self._settings.path)
        model = loading.load(self._settings, self._limits)
        self._state.advance(Phase.WARMING)
        model.warm_up(self._settings.warmup_requests)
        load = self.load if self._settings.model_control else None
        repository = Repository(self._settings.identity, self._state, load)
        return Prepared(model, Later(partial(_pages, model, self._metrics, repository)))

    def _place(self, prepared: Prepared) -> None:
        self._metrics.loaded(prepared.model.engine.platform)
        self._state.open(prepared.model, prepared.pages)

    def _swap(self, prepared: Prepared) -> Swapped:
        """Put a model in the place of the one that serves, on the event loop."""
        old = self._state.model
        self._place(prepared)
        if self._state.scheduler is not None:
            self._state.scheduler.meet(prepared.model)
        if old is None:
            return Swapped(signature_changed=False, is_gone=lambda: True)
        changed, left = old.signature != prepared.model.signature, weakref.ref(old)
        return Swapped(changed, lambda: left() is None)


def _pages(model: "Model", metrics: Metrics, repository: "Repository") -> AsgiApp:
    """Build the pages; importing FastAPI for them takes longer than loading a small model."""
    from slipway_runtime.server import pages

    return pages.build(model, metrics, repository)
