"""The Services: the entry, which users call, and one for each revision, which never changes.

The entry also carries the rollout's memory, in the same object as its selector: a promotion is one
write, and a crash cannot come between what is served and what is remembered.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from slipway_operator.api import GROUP
from slipway_operator.api.quantities import format_time
from slipway_operator.api.v1alpha1 import ServiceSpec
from slipway_operator.desired.labels import REVISION_LABEL, child, metadata, selector
from slipway_operator.desired.names import child_name
from slipway_operator.desired.pod import PORT_NAME
from slipway_operator.objects import SERVICE, Obj, Owner, annotations_of, parse_time

SELECTED_REVISION: Final = f"{GROUP}/selected-revision"
PROMOTED_AT: Final = f"{GROUP}/promoted-at"
PREVIOUS_REVISION: Final = f"{GROUP}/previous-revision"


@dataclass(frozen=True, slots=True)
class Entry:
    """Which revision the entry Service selects, since when, and which one was there before."""

    revision: str
    promoted_at: datetime | None = None
    previous: str | None = None


def entry_name(owner: Owner) -> str:
    """Return the name of the entry Service."""
    return child_name(owner.name)


def build_entry_service(owner: Owner, service: ServiceSpec, entry: Entry) -> Obj:
    """Return the Service that users call."""
    memory = {
        SELECTED_REVISION: entry.revision,
        PROMOTED_AT: format_time(entry.promoted_at) if entry.promoted_at else "",
        PREVIOUS_REVISION: entry.previous or "",
    }
    annotations = {**service.annotations, **{key: text for key, text in memory.items() if text}}
    return child(
        SERVICE,
        metadata(owner, entry_name(owner), annotations=annotations),
        spec={
            "type": service.type.value,
            "selector": selector(owner, entry.revision),
            "ports": [_port(service.port)],
        },
    )


def read_entry_service(obj: Obj) -> Entry | None:
    """Return what the entry Service says, or nothing when hands have made it unreadable.

    The annotation comes first: it was written together with the selector, and a hand that edits a
    Service edits the selector.
    """
    memory = annotations_of(obj)
    selected = (obj["spec"].get("selector") or {}).get(REVISION_LABEL)
    revision = memory.get(SELECTED_REVISION) or selected
    if not revision:
        return None
    return Entry(revision, parse_time(memory.get(PROMOTED_AT)), memory.get(PREVIOUS_REVISION))


def build_revision_service(owner: Owner, revision: str) -> Obj:
    """Return the Service that selects one revision alone."""
    return child(
        SERVICE,
        metadata(owner, child_name(owner.name, revision), revision),
        spec={"type": "ClusterIP", "selector": selector(owner, revision), "ports": [_port(80)]},
    )


def _port(port: int) -> Obj:
    return {"name": "http", "port": port, "targetPort": PORT_NAME, "protocol": "TCP"}
