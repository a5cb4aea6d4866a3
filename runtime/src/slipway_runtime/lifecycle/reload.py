"""A new model in the place of the one that serves, without a failed request.

The new file is loaded and warmed beside the old model, which answers all the while and goes on
answering where the new file is bad. Knows neither what a model is nor how it is loaded: it is
given what prepares one and what puts it in place.
"""

import asyncio
import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from time import perf_counter
from typing import Generic, TypeVar

from slipway_runtime.errors import ModelError, Reason
from slipway_runtime.lifecycle.release import release
from slipway_runtime.watching import Watch

log = logging.getLogger("slipway")

Prepared = TypeVar("Prepared")


class Outcome(StrEnum):
    """What became of a new file."""

    LOADED = "loaded"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Report:
    """What became of the newest file that was seen."""

    at: str
    outcome: Outcome
    message: str
    signature_changed: bool = False


@dataclass(frozen=True, slots=True)
class Swapped:
    """What putting a model in place has changed."""

    signature_changed: bool
    is_gone: Callable[[], bool]
    """Whether the old one is used by nobody any more."""


class Reloader(Generic[Prepared]):
    """Exchanges the model of one process. For the event loop alone."""

    def __init__(
        self,
        prepare: Callable[[], Prepared],
        swap: Callable[[Prepared], Swapped],
        tell: Callable[[Report], None],
    ) -> None:
        self._prepare = prepare
        self._swap = swap
        self._tell = tell
        self._one_at_a_time = asyncio.Lock()
        self._releasing: set[asyncio.Task[None]] = set()

    @property
    def busy(self) -> bool:
        """Whether a model is being prepared; its thread cannot be stopped."""
        return self._one_at_a_time.locked()

    async def follow(self, watch: Watch) -> None:
        """Reload whenever the file is a new one, as long as the process lives."""
        async for _ in watch.changes():
            log.info("a new model file: loading it beside the model that serves")
            await self.reload(lambda: watch.look() == watch.seen)

    async def reload(self, is_same_file: Callable[[], bool] = lambda: True) -> Report:
        """Load the file and exchange the model; or leave all as it is, and say why."""
        async with self._one_at_a_time:
            started = perf_counter()
            try:
                prepared = await _in_a_thread(self._prepare)
            except ModelError as error:
                return self._refuse(str(error))
            if not is_same_file():
                return self._refuse("the file changed while it was being loaded")
            swapped = self._swap(prepared)
        self._release(swapped)
        seconds = perf_counter() - started
        return self._report(
            Outcome.LOADED, f"loaded and warmed in {seconds:.2f} s", swapped.signature_changed
        )

    def _release(self, swapped: Swapped) -> None:
        task = asyncio.create_task(release(swapped.is_gone))
        self._releasing.add(task)
        task.add_done_callback(self._releasing.discard)

    def _refuse(self, words: str) -> Report:
        return self._report(Outcome.REFUSED, words, signature_changed=False)

    def _report(self, outcome: Outcome, message: str, signature_changed: bool) -> Report:
        at = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        report = Report(at, outcome, message, signature_changed)
        if outcome is Outcome.LOADED:
            words = "; its signature is another one" if signature_changed else ""
            log.info("the new model serves: %s%s", message, words)
        else:
            log.error("the old model goes on serving, the new file is refused: %s", message)
        self._tell(report)
        return report


async def _in_a_thread(work: Callable[[], Prepared]) -> Prepared:
    """Run in a thread that nobody waits for at the end of the process."""
    future: Future[Prepared] = Future()

    def run() -> None:
        try:
            future.set_result(work())
        except ModelError as error:
            future.set_exception(error)
        except Exception as error:
            log.error("unexpected error while loading", exc_info=error)
            words = f"{type(error).__name__}: {error}"
            future.set_exception(ModelError(Reason.LOAD_FAILED, words))

    threading.Thread(target=run, name="reload", daemon=True).start()
    return await asyncio.wrap_future(future)
