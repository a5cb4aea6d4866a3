"""One of several replicas leads: a Lease, and a fence that stops writing before it can be lost.

Times are the machine's own and count while a process is stopped or a machine sleeps; no two clocks
are ever compared. A replica that cannot renew closes its fence seconds before anyone else may take
the Lease, and every write asks the fence.
"""

import asyncio
import contextlib
import logging
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from slipway_operator.kube import Kube, KubeError
from slipway_operator.objects import LEASE, Obj

NAME: Final = "slipway-operator"
DURATION: Final = 15
# Between this and DURATION lies the longest time that a write may take.
FENCE: Final = 10.0
RENEW_EVERY: Final = 2.0

log = logging.getLogger(__name__)


class FencedError(KubeError):
    """This replica may not lead any more, so it writes nothing."""


def machine_time() -> float:
    """Return seconds that go on while a process is stopped or the machine sleeps."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class Fence:
    """Whether this replica may write now."""

    def __init__(self, clock: Callable[[], float] = machine_time) -> None:
        self._clock = clock
        self._until = 0.0

    @property
    def is_open(self) -> bool:
        """Whether writing is allowed."""
        return self._clock() < self._until

    def renewed(self, asked_at: float) -> None:
        """Stay open for a while after the moment when the successful renewal was asked for."""
        self._until = asked_at + FENCE

    def close(self) -> None:
        """Allow nothing more."""
        self._until = 0.0

    def check(self) -> None:
        """Refuse when closed."""
        if not self.is_open:
            raise FencedError("this replica does not hold the Lease")


@dataclass(frozen=True, slots=True)
class Sighting:
    """A Lease as it was first seen, and when by our own clock."""

    content: tuple[object, ...]
    seconds: float
    seen_at: float

    def is_expired(self, now: float) -> bool:
        """Tell whether nobody has touched the Lease for its whole length."""
        return now >= self.seen_at + self.seconds


def sight(lease: Obj, before: Sighting | None, now: float) -> Sighting:
    """Note a Lease; one that did not change keeps the time of its first sighting."""
    spec = lease.get("spec") or {}
    content = (spec.get("holderIdentity"), spec.get("renewTime"), spec.get("acquireTime"))
    if before and before.content == content:
        return before
    return Sighting(content, float(spec.get("leaseDurationSeconds") or DURATION), now)


def may_take(lease: Obj, identity: str, sighting: Sighting, now: float) -> bool:
    """Tell whether a replica may make the Lease its own."""
    holder = (lease.get("spec") or {}).get("holderIdentity")
    return holder in (None, "", identity) or sighting.is_expired(now)


class Elector:
    """Competes for the Lease and leads while it holds it."""

    def __init__(self, kube: Kube, namespace: str, identity: str, fence: Fence) -> None:
        self._kube = kube
        self._namespace = namespace
        self._identity = identity
        self._fence = fence
        self._sighting: Sighting | None = None
        self._lease: Obj | None = None

    async def run(self, lead: Callable[[], Awaitable[None]]) -> None:
        """Lead again and again, each time for as long as the Lease is held; never return."""
        try:
            while True:
                if await self._try():
                    log.info("%s leads now", self._identity)
                    await self._lead(lead)
                    log.warning("%s leads no more", self._identity)
                await asyncio.sleep(RENEW_EVERY * random.uniform(0.8, 1.2))  # noqa: S311
        finally:
            await self._release()

    async def _lead(self, lead: Callable[[], Awaitable[None]]) -> None:
        work = asyncio.ensure_future(lead())
        try:
            while self._fence.is_open:
                done, _ = await asyncio.wait({work}, timeout=RENEW_EVERY)
                if done:
                    work.result()
                    raise RuntimeError("the leading work ended by itself")
                if not await self._try() and self._holder() != self._identity:
                    break
        finally:
            self._fence.close()
            work.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await work

    async def _try(self) -> bool:
        """Take or renew the Lease; a failure is no news, only the fence's time runs on."""
        asked_at = machine_time()
        try:
            self._lease = await self._claim(asked_at)
        except KubeError as error:
            log.warning("the Lease cannot be had: %s", error)
            return False
        if self._lease is None or self._holder() != self._identity:
            return False
        self._fence.renewed(asked_at)
        return True

    async def _claim(self, now: float) -> Obj | None:
        lease = await self._kube.get(LEASE, self._namespace, NAME)
        if lease is None:
            return await self._kube.create(LEASE, self._ours(None))
        self._sighting = sight(lease, self._sighting, now)
        if not may_take(lease, self._identity, self._sighting, now):
            return lease
        return await self._kube.replace(LEASE, self._ours(lease))

    def _ours(self, lease: Obj | None) -> Obj:
        """Return the Lease as held by this replica."""
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        old = (lease or {}).get("spec") or {}
        held = old.get("holderIdentity") == self._identity
        spec = {
            "holderIdentity": self._identity,
            "leaseDurationSeconds": DURATION,
            "renewTime": now,
            "acquireTime": old.get("acquireTime", now) if held else now,
            "leaseTransitions": old.get("leaseTransitions", 0) + (0 if held or not lease else 1),
        }
        meta = lease["metadata"] if lease else {"name": NAME, "namespace": self._namespace}
        return {"apiVersion": LEASE.api_version, "kind": LEASE.kind, "metadata": meta, "spec": spec}

    def _holder(self) -> object:
        return ((self._lease or {}).get("spec") or {}).get("holderIdentity")

    async def _release(self) -> None:
        """Let go, so that another replica need not wait for the Lease to expire."""
        if self._lease is None or self._holder() != self._identity:
            return
        spec = {**self._lease["spec"], "holderIdentity": "", "leaseDurationSeconds": 1}
        with contextlib.suppress(KubeError):
            await self._kube.replace(LEASE, {**self._lease, "spec": spec})
