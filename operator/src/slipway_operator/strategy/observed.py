"""What was seen in the cluster, and the facts that decisions rest on.

Readiness is counted twice: by the pods themselves, and by the endpoints behind the revision's own
Service. Only the second proves that the cluster's network has seen them, so only it opens a switch.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from slipway_operator.api import GROUP
from slipway_operator.api.quantities import format_time
from slipway_operator.desired.labels import REVISION_LABEL
from slipway_operator.desired.names import child_name
from slipway_operator.desired.services import Entry, entry_name, read_entry_service
from slipway_operator.objects import (
    CONTROLLER_REVISION,
    DEPLOYMENT,
    SERVICE,
    Kind,
    Obj,
    Owner,
    Ref,
    annotations_of,
    is_ready,
    labels_of,
    parse_time,
)

STARTED_AT: Final = f"{GROUP}/started-at"
ABORTED: Final = f"{GROUP}/aborted"


@dataclass(frozen=True, slots=True)
class Abort:
    """Why and when a candidate was given up; kept on its Deployment."""

    at: datetime
    reason: str
    message: str

    def to_annotation(self) -> str:
        """Write it for the Deployment's annotation."""
        return json.dumps(
            {"at": format_time(self.at), "reason": self.reason, "message": self.message}
        )


@dataclass(frozen=True, slots=True)
class Facts:
    """One revision's Deployment and pods, in numbers."""

    exists: bool = False
    replicas: int = 0
    ready: int = 0
    endpoints: int = 0
    is_settled: bool = False
    started_at: datetime | None = None
    abort: Abort | None = None

    def can_take_over(self, wanted: int) -> bool:
        """Tell whether all wanted pods run the present template, are ready, and are reachable."""
        settled = self.exists and self.is_settled and self.replicas == wanted
        return settled and self.ready >= wanted and self.endpoints >= wanted


@dataclass(frozen=True, slots=True)
class Observed:
    """One ModelDeployment's children, as the API server has them now."""

    owner: Owner
    children: Mapping[Ref, Obj] = field(default_factory=dict)
    pods: tuple[Obj, ...] = ()
    endpoint_slices: tuple[Obj, ...] = ()

    def of_kind(self, kind: Kind) -> Iterator[Obj]:
        """Return the children of a kind."""
        return (obj for ref, obj in self.children.items() if ref.kind == kind)

    def by_revision(self, kind: Kind) -> dict[str, Obj]:
        """Return the children of a kind that belong to one revision each."""
        return {
            labels_of(obj)[REVISION_LABEL]: obj
            for obj in self.of_kind(kind)
            if REVISION_LABEL in labels_of(obj)
        }

    @property
    def entry(self) -> Entry | None:
        """What the entry Service says."""
        service = self.children.get(Ref(SERVICE, entry_name(self.owner)))
        return read_entry_service(service) if service else None

    @property
    def running(self) -> tuple[str, ...]:
        """The revisions that have a Deployment."""
        return tuple(self.by_revision(DEPLOYMENT))

    @property
    def remembered(self) -> tuple[str, ...]:
        """The revisions that have a ControllerRevision."""
        return tuple(self.by_revision(CONTROLLER_REVISION))

    def pods_of(self, revision: str) -> tuple[Obj, ...]:
        """Return the pods of a revision that are not on their way out."""
        return tuple(
            pod
            for pod in self.pods
            if labels_of(pod).get(REVISION_LABEL) == revision
            and "deletionTimestamp" not in pod["metadata"]
        )

    def facts(self, revision: str) -> Facts:
        """Return a revision's facts."""
        ready = sum(is_ready(pod) for pod in self.pods_of(revision))
        endpoints = self._ready_endpoints(revision)
        deployment = self.children.get(Ref(DEPLOYMENT, child_name(self.owner.name, revision)))
        if deployment is None:
            return Facts(ready=ready, endpoints=endpoints)
        return Facts(
            exists=True,
            replicas=deployment["spec"].get("replicas", 1),
            ready=ready,
            endpoints=endpoints,
            is_settled=is_settled(deployment),
            started_at=parse_time(annotations_of(deployment).get(STARTED_AT)),
            abort=_read_abort(deployment),
        )

    def _ready_endpoints(self, revision: str) -> int:
        service = child_name(self.owner.name, revision)
        return sum(
            bool((endpoint.get("conditions") or {}).get("ready"))
            for slice_ in self.endpoint_slices
            if labels_of(slice_).get("kubernetes.io/service-name") == service
            for endpoint in slice_.get("endpoints") or ()
        )


def is_settled(deployment: Obj) -> bool:
    """Tell whether the Deployment's controller has seen its spec and made every pod of it."""
    status = deployment.get("status", {})
    wanted = deployment["spec"].get("replicas", 1)
    counts = (status.get(name, 0) for name in ("replicas", "updatedReplicas", "availableReplicas"))
    observed: int = status.get("observedGeneration", 0)
    return observed >= deployment["metadata"]["generation"] and all(n == wanted for n in counts)


def _read_abort(deployment: Obj) -> Abort | None:
    text = annotations_of(deployment).get(ABORTED)
    if not text:
        return None
    try:
        data = json.loads(text)
        return Abort(datetime.fromisoformat(data["at"]), data["reason"], data["message"])
    except (ValueError, KeyError, TypeError):
        return None  # a hand wrote there; the candidate simply starts over
