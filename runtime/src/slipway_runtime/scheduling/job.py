"""One prediction on its way through the scheduler. For the event loop alone.

Knows who waits for it and what it asks for; where it waits or runs is the scheduler's business.
"""

import logging
from asyncio import TimerHandle
from collections.abc import Callable, Hashable
from time import perf_counter
from typing import TYPE_CHECKING

from slipway_runtime import stages
from slipway_runtime.inference import Inference
from slipway_runtime.model import Model
from slipway_runtime.signature import Tensor

if TYPE_CHECKING:
    from slipway_runtime.scheduling.running import Running

log = logging.getLogger("slipway")

Outcome = list[Tensor] | Exception
Done = Callable[[Outcome], None]


class Job:
    """A prediction that somebody waits for, until it is settled or cancelled."""

    __slots__ = (
        "_done", "_withdraw", "arrived", "group", "inference", "listener", "model", "remember",
        "rows", "running", "size", "timer",
    )  # fmt: skip

    def __init__(
        self, model: Model, inference: Inference, done: Done, withdraw: Callable[["Job"], None]
    ) -> None:
        self.model = model
        self.inference = inference
        self.arrived = perf_counter()
        self.listener = stages.listener()
        self.size, self.rows = measure(inference)
        self.group: Hashable = None
        """Those of one group can run as one; None runs alone."""
        self.remember: bytes | None = None
        """Under which key its answer is to be remembered."""
        self.running: Running | None = None
        self.timer: TimerHandle | None = None
        self._done: Done | None = done
        self._withdraw = withdraw

    @property
    def settled(self) -> bool:
        """Whether nobody waits for it any more."""
        return self._done is None

    def settle(self, outcome: Outcome) -> None:
        """Hand the answer to who waits; later answers reach nobody."""
        done, self._done = self._done, None
        if self.timer is not None:
            self.timer.cancel()
        if done is None:
            return
        try:
            done(outcome)
        except Exception as error:  # those who were computed with it still wait for theirs
            log.error("an answer could not be handed over", exc_info=error)

    def cancel(self) -> None:
        """Nobody waits any more: what has not run never will, what runs alone is stopped."""
        if not self.settled:
            self._done = None
            if self.timer is not None:
                self.timer.cancel()
            self._withdraw(self)


def measure(inference: Inference) -> tuple[int, int]:
    """Count its elements, and its rows: 0 where its inputs do not agree on them."""
    size, rows = 0, -1
    for array in inference.feed.values():
        size += array.size
        count = len(array) if array.ndim else 1
        rows = count if rows in (-1, count) else 0
    return size, max(rows, 0)
