"""Watches the children, to learn that something changed, not what: only their labels are read.

A watch that breaks is begun again for ever; where changes may have been missed, everything is
looked at again. Decisions never rest on what a watch said.
"""

import asyncio
import logging
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from slipway_operator.desired.labels import DEPLOYMENT_LABEL
from slipway_operator.desired.revisions import canonical_json
from slipway_operator.kube import GoneError, Kube, KubeError, WatchEvent
from slipway_operator.metrics import WATCH_RESTARTS
from slipway_operator.objects import (
    AUTOSCALER,
    BUDGET,
    CHILDREN,
    ENDPOINT_SLICE,
    POD,
    Kind,
    Obj,
)

WATCHED: Final = (*CHILDREN, POD, ENDPOINT_SLICE)
_SECONDS: Final = 240
_LONGEST_PAUSE: Final = 30.0

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Listener:
    """Whom a watch tells: of a change, of a gap in what it saw, and that it is alive."""

    changed: Callable[[str, str], None]
    missed_some: Callable[[], None]
    beat: Callable[[str], None]


class Noticed:
    """What was seen of kinds whose status changes all the time and decides nothing."""

    def __init__(self, kind: Kind) -> None:
        self._is_noisy = kind in (AUTOSCALER, BUDGET)
        self._seen: dict[str, int] = {}

    def is_news(self, event: WatchEvent) -> bool:
        """Tell whether more than a status changed."""
        if not self._is_noisy:
            return True
        uid, essence = event.metadata["uid"], _essence(event.metadata)
        if event.type == "DELETED":
            self._seen.pop(uid, None)
            return True
        is_news = self._seen.get(uid) != essence
        self._seen[uid] = essence
        return is_news


def _essence(metadata: Obj) -> int:
    """Return a hash of everything but the status; the owners of fields tell an edit of the spec."""
    owners = [e for e in metadata.get("managedFields", ()) if e.get("subresource") != "status"]
    noise = ("resourceVersion", "managedFields")
    kept = {key: value for key, value in metadata.items() if key not in noise}
    return hash(canonical_json([kept, owners]))


async def follow(kube: Kube, kind: Kind, namespace: str | None, listener: Listener) -> None:
    """Watch one kind for ever."""
    version, failures, noticed = "", 0, Noticed(kind)
    while True:
        listener.beat(_name(kind, namespace))
        try:
            if not version:
                version = await kube.position(kind, namespace)
                listener.missed_some()
            version = await _stream(kube, kind, namespace, version, listener, noticed)
            failures = 0
        except KubeError as error:
            failures += 1
            version = "" if isinstance(error, GoneError) else version
            WATCH_RESTARTS.labels(kind.kind).inc()
            log.warning("watch of %s: %s", kind.plural, error)
            pause = min(2.0 ** min(failures, 10) / 2, _LONGEST_PAUSE)
            await asyncio.sleep(pause * random.uniform(0.75, 1.25))  # noqa: S311


async def _stream(
    kube: Kube,
    kind: Kind,
    namespace: str | None,
    version: str,
    listener: Listener,
    noticed: Noticed,
) -> str:
    """Pass on what one connection brings; return where to go on."""
    events = kube.watch(kind, namespace, DEPLOYMENT_LABEL, version, _SECONDS)
    async for event in events:
        listener.beat(_name(kind, namespace))
        version = event.metadata["resourceVersion"]
        label = (event.metadata.get("labels") or {}).get(DEPLOYMENT_LABEL)
        if event.type != "BOOKMARK" and label and noticed.is_news(event):
            listener.changed(event.metadata["namespace"], label)
    return version


def _name(kind: Kind, namespace: str | None) -> str:
    return f"watch of {kind.plural} in {namespace or 'all namespaces'}"
