"""The work of the leading replica: workers on the queue, watches that fill it, a regular resync.

It decides nothing about any ModelDeployment; it sees to it that each one is looked at, that errors
are counted and told, and that nothing is looked at by a replica that does not lead.
"""

import asyncio
import logging
import time
from dataclasses import dataclass, field
from typing import Final

from slipway_operator.api.reasons import Reason
from slipway_operator.desired.names import label_value
from slipway_operator.health import Health
from slipway_operator.kube import ForbiddenError, InvalidError, Kube, KubeError
from slipway_operator.leader import FencedError
from slipway_operator.metrics import ERRORS, KNOWN, QUEUE_DEPTH, RECONCILES, SECONDS
from slipway_operator.objects import MODEL_DEPLOYMENT
from slipway_operator.queue import Key, RetryError, WorkQueue
from slipway_operator.reconcile import Reconciler
from slipway_operator.watches import WATCHED, Listener, follow

RESYNC_EVERY: Final = 300.0
_RESYNC: Final = "resync"

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Controller:
    """Looks at every ModelDeployment whenever something may have changed."""

    kube: Kube
    reconciler: Reconciler
    health: Health
    namespaces: tuple[str, ...]
    workers: int
    queue: WorkQueue = field(init=False)
    _by_label: dict[tuple[str, str], Key] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Start with an empty queue."""
        self.queue = WorkQueue(self._look)

    async def lead(self) -> None:
        """Work until cancelled."""
        try:
            async with asyncio.TaskGroup() as tasks:
                listener = Listener(self._changed, self._mark_all, self.health.beat)
                for kind in WATCHED:
                    for namespace in self.namespaces or (None,):
                        tasks.create_task(follow(self.kube, kind, namespace, listener))
                tasks.create_task(self._resync())
                for _ in range(self.workers):
                    tasks.create_task(self.queue.work())
        finally:
            self.health.beats.clear()

    def mark(self, key: Key, generation: object) -> None:
        """Note that a ModelDeployment may have changed."""
        self._by_label[key.namespace, label_value(key.name)] = key
        self.queue.mark(key, generation)

    def _changed(self, namespace: str, label: str) -> None:
        if key := self._by_label.get((namespace, label)):
            self.queue.mark(key)

    def _mark_all(self) -> None:
        for key in self.queue.keys:
            self.queue.mark(key)

    async def _resync(self) -> None:
        """Look at everything now and then, so that a lost event costs minutes at most."""
        while True:
            self.health.beat(_RESYNC)
            try:
                await self._list_all()
                pause = RESYNC_EVERY
            except KubeError as error:
                log.warning("resync: %s", error)
                pause = 5.0
            for _ in range(int(pause)):
                await asyncio.sleep(1)
                self.health.beat(_RESYNC)
                QUEUE_DEPTH.set(self.queue.depth)

    async def _list_all(self) -> None:
        present = set()
        for namespace in self.namespaces or (None,):
            for meta in await self.kube.list_metadata(MODEL_DEPLOYMENT, namespace):
                key = Key(meta["namespace"], meta["name"])
                present.add(key)
                self.mark(key, meta["generation"])
        for key in set(self.queue.keys) - present:
            self.queue.forget(key)
            self._by_label.pop((key.namespace, label_value(key.name)), None)
        KNOWN.set(len(present))

    async def _look(self, key: Key) -> float | None:
        begin = time.perf_counter()
        try:
            pause = await self.reconciler.look(key)
        except FencedError as error:
            raise RetryError(str(error)) from error
        except Exception as error:
            RECONCILES.labels("error").inc()
            await self._tell(key, error)
            raise RetryError(str(error), getattr(error, "retry_after", None)) from error
        finally:
            SECONDS.observe(time.perf_counter() - begin)
        RECONCILES.labels("ok").inc()
        return pause.total_seconds() if pause is not None else None

    async def _tell(self, key: Key, error: Exception) -> None:
        """Log and count a failed look, and put into the status what a user can do about."""
        ERRORS.labels(type(error).__name__).inc()
        if isinstance(error, KubeError):
            log.warning("%s: %s", key, error)
        else:
            log.exception("%s: a fault of the operator", key)
        reason = _reason_to_report(error)
        if reason is None:
            return
        try:
            await self.reconciler.report_failure(key, reason, str(error))
        except KubeError as second:
            log.warning("%s: the status could not be written: %s", key, second)


def _reason_to_report(error: Exception) -> Reason | None:
    match error:
        case ForbiddenError():
            return Reason.FORBIDDEN
        case InvalidError():
            return Reason.APPLY_REJECTED
        case KubeError():
            return None  # passes by itself
        case _:
            return Reason.INTERNAL_ERROR
