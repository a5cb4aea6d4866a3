"""Kubernetes objects as plain dicts: the kinds the operator makes, and how to read their metadata.

Only reading belongs here. What an object should look like is `desired`, what it means `strategy`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from slipway_operator.api import API_VERSION, KIND, PLURAL

Obj = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of object and where the API server keeps it."""

    api_version: str
    kind: str
    plural: str

    @property
    def prefix(self) -> str:
        """The start of every path of this kind."""
        root = "apis" if "/" in self.api_version else "api"
        return f"/{root}/{self.api_version}"


MODEL_DEPLOYMENT: Final = Kind(API_VERSION, KIND, PLURAL)
CONTROLLER_REVISION: Final = Kind("apps/v1", "ControllerRevision", "controllerrevisions")
DEPLOYMENT: Final = Kind("apps/v1", "Deployment", "deployments")
SERVICE: Final = Kind("v1", "Service", "services")
AUTOSCALER: Final = Kind("autoscaling/v2", "HorizontalPodAutoscaler", "horizontalpodautoscalers")
BUDGET: Final = Kind("policy/v1", "PodDisruptionBudget", "poddisruptionbudgets")
NETWORK_POLICY: Final = Kind("networking.k8s.io/v1", "NetworkPolicy", "networkpolicies")
POD: Final = Kind("v1", "Pod", "pods")
ENDPOINT_SLICE: Final = Kind("discovery.k8s.io/v1", "EndpointSlice", "endpointslices")
LEASE: Final = Kind("coordination.k8s.io/v1", "Lease", "leases")
EVENT: Final = Kind("v1", "Event", "events")

CHILDREN: Final = (
    NETWORK_POLICY,
    BUDGET,
    CONTROLLER_REVISION,
    SERVICE,
    DEPLOYMENT,
    AUTOSCALER,
)
"""The kinds that the operator makes."""


@dataclass(frozen=True, slots=True)
class Ref:
    """A child of one ModelDeployment, by kind and name."""

    kind: Kind
    name: str

    def __str__(self) -> str:
        return f"{self.kind.kind} {self.name}"


@dataclass(frozen=True, slots=True)
class Owner:
    """The ModelDeployment that children belong to."""

    namespace: str
    name: str
    uid: str


_KIND_BY_NAME: Final = {kind.kind: kind for kind in CHILDREN}


def ref_of(obj: Obj) -> Ref:
    """Return the kind and name of a child."""
    return Ref(_KIND_BY_NAME[obj["kind"]], obj["metadata"]["name"])


def labels_of(obj: Obj) -> Mapping[str, str]:
    """Return the object's labels."""
    labels: Mapping[str, str] = obj["metadata"].get("labels") or {}
    return labels


def annotations_of(obj: Obj) -> Mapping[str, str]:
    """Return the object's annotations."""
    annotations: Mapping[str, str] = obj["metadata"].get("annotations") or {}
    return annotations


def controller_of(obj: Obj) -> Mapping[str, Any] | None:
    """Return the owner reference that is the object's controller."""
    owners = obj["metadata"].get("ownerReferences") or []
    return next((owner for owner in owners if owner.get("controller")), None)


def is_ready(pod: Obj) -> bool:
    """Tell whether a pod says that it is ready."""
    conditions = pod.get("status", {}).get("conditions") or ()
    return any(item["type"] == "Ready" and item["status"] == "True" for item in conditions)


def parse_time(text: str | None) -> datetime | None:
    """Read a time as Kubernetes writes it."""
    return datetime.fromisoformat(text) if text else None
