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
from slipway_operator.kube import GoneError, Kube, KubeError
from slipway_operator.metrics import WATCH_RESTARTS
from slipway_operator.objects import CHILDREN, ENDPOINT_SLICE, POD, Kind

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


async def follow(kube: Kube, kind: Kind, namespace: str | None, listener: Listener) -> None:
    """Watch one kind for ever."""
    version, failures = "", 0
    while True:
        listener.beat(_name(kind, namespace))
        try:
            if not version:
                version = await kube.position(kind, namespace)
                listener.missed_some()
            version = await _stream(kube, kind, namespace, version, listener)
            failures = 0
        except KubeError as error:
            failures += 1
            version = "" if isinstance(error, GoneError) else version
            WATCH_RESTARTS.labels(kind.kind).inc()
            log.warning("watch of %s: %s", kind.plural, error)
            pause = min(2.0 ** min(failures, 10) / 2, _LONGEST_PAUSE)
            await asyncio.sleep(pause * random.uniform(0.75, 1.25))  # noqa: S311


async def _stream(
    kube: Kube, kind: Kind, namespace: str | None, version: str, listener: Listener
) -> str:
    """Pass on what one connection brings; return where to go on."""
    events = kube.watch(kind, namespace, DEPLOYMENT_LABEL, version, _SECONDS)
    async for event in events:
        listener.beat(_name(kind, namespace))
        version = event.metadata["resourceVersion"]
        label = (event.metadata.get("labels") or {}).get(DEPLOYMENT_LABEL)
        if event.type != "BOOKMARK" and label:
            listener.changed(event.metadata["namespace"], label)
    return version


def _name(kind: Kind, namespace: str | None) -> str:
    return f"watch of {kind.plural} in {namespace or 'all namespaces'}"
