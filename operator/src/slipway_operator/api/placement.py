"""`spec.runtime.placement`: which nodes the pods run on, in the very words of a Pod.

The types mirror Kubernetes' own field by field, so that a mistyped name is refused instead of
being ignored. They carry no rules and no defaults: the API server judges the pod itself.
"""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from slipway_operator.api.base import ApiModel

Weight = Annotated[int, Field(ge=1, le=100)]
NodeInclusion = Literal["Honor", "Ignore"]


class NodeOperator(StrEnum):
    """How a node's label is compared."""

    IN = "In"
    NOT_IN = "NotIn"
    EXISTS = "Exists"
    DOES_NOT_EXIST = "DoesNotExist"
    GT = "Gt"
    LT = "Lt"


class LabelOperator(StrEnum):
    """How a label is compared."""

    IN = "In"
    NOT_IN = "NotIn"
    EXISTS = "Exists"
    DOES_NOT_EXIST = "DoesNotExist"


class Toleration(ApiModel):
    """A taint that the pods tolerate."""

    key: str | None = None
    """Key of the taint; empty for all."""
    operator: Literal["Exists", "Equal"] | None = None
    """How the taint's value is compared."""
    value: str | None = None
    """Value of the taint."""
    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] | None = None
    """Effect of the taint; empty for all."""
    toleration_seconds: Annotated[int, Field(json_schema_extra={"format": "int64"})] | None = None
    """How long a `NoExecute` taint is tolerated; absent for ever."""


class NodeRequirement(ApiModel):
    """A condition on a node's labels or fields."""

    key: str
    """Key of the label."""
    operator: NodeOperator
    """How it is compared."""
    values: tuple[str, ...] | None = None
    """What it is compared with."""


class NodeTerm(ApiModel):
    """Conditions that must all hold."""

    match_expressions: tuple[NodeRequirement, ...] | None = None
    """Conditions on labels."""
    match_fields: tuple[NodeRequirement, ...] | None = None
    """Conditions on fields, such as `metadata.name`."""


class NodeSelector(ApiModel):
    """Terms of which one must hold."""

    node_selector_terms: tuple[NodeTerm, ...]
    """The terms."""


class PreferredNode(ApiModel):
    """A preference for nodes."""

    weight: Weight
    """How much it counts, 1 to 100."""
    preference: NodeTerm
    """The nodes that are preferred."""


class NodeAffinity(ApiModel):
    """Nodes that the pods must or should run on."""

    required_during_scheduling_ignored_during_execution: NodeSelector | None = None
    """Nodes that the pods must run on."""
    preferred_during_scheduling_ignored_during_execution: tuple[PreferredNode, ...] | None = None
    """Nodes that the pods should run on."""


class LabelRequirement(ApiModel):
    """A condition on a label."""

    key: str
    """Key of the label."""
    operator: LabelOperator
    """How it is compared."""
    values: tuple[str, ...] | None = None
    """What it is compared with."""


class LabelSelector(ApiModel):
    """A selection of pods or namespaces by label."""

    match_labels: dict[str, str] | None = None
    """Labels that must be equal."""
    match_expressions: tuple[LabelRequirement, ...] | None = None
    """Conditions that must all hold."""


class PodTerm(ApiModel):
    """Pods to be near to, or away from."""

    label_selector: LabelSelector | None = None
    """The pods meant."""
    namespaces: tuple[str, ...] | None = None
    """Namespaces of those pods; absent for this one."""
    namespace_selector: LabelSelector | None = None
    """Namespaces of those pods, by label."""
    topology_key: str
    """The node label that says what "near" means, such as `kubernetes.io/hostname`."""
    match_label_keys: tuple[str, ...] | None = None
    """Labels whose values are taken from the pod itself and must be equal."""
    mismatch_label_keys: tuple[str, ...] | None = None
    """Labels whose values are taken from the pod itself and must differ."""


class PreferredPods(ApiModel):
    """A preference for nearness to, or distance from, pods."""

    weight: Weight
    """How much it counts, 1 to 100."""
    pod_affinity_term: PodTerm
    """The pods meant."""


class PodAffinity(ApiModel):
    """Pods that these pods must or should be near to, or away from."""

    required_during_scheduling_ignored_during_execution: tuple[PodTerm, ...] | None = None
    """What must hold."""
    preferred_during_scheduling_ignored_during_execution: tuple[PreferredPods, ...] | None = None
    """What should hold."""


class Affinity(ApiModel):
    """Affinity, as in a Pod."""

    node_affinity: NodeAffinity | None = None
    """Nodes that the pods must or should run on."""
    pod_affinity: PodAffinity | None = None
    """Pods to be near to."""
    pod_anti_affinity: PodAffinity | None = None
    """Pods to be away from."""


class TopologySpread(ApiModel):
    """How the pods are spread over nodes or zones, as in a Pod."""

    max_skew: Annotated[int, Field(ge=1, json_schema_extra={"format": "int32"})]
    """The largest difference allowed between two places."""
    topology_key: str
    """The node label that says what a place is, such as `topology.kubernetes.io/zone`."""
    when_unsatisfiable: Literal["DoNotSchedule", "ScheduleAnyway"]
    """What to do when the pods cannot be spread so."""
    label_selector: LabelSelector | None = None
    """The pods counted; absent for the pods of the same revision."""
    match_label_keys: tuple[str, ...] | None = None
    """Labels whose values are taken from the pod itself and must be equal."""
    min_domains: Annotated[int, Field(ge=1, json_schema_extra={"format": "int32"})] | None = None
    """The least number of places."""
    node_affinity_policy: NodeInclusion | None = None
    """Whether node affinity and selector are honoured when places are counted."""
    node_taints_policy: NodeInclusion | None = None
    """Whether taints are honoured when places are counted."""


class Placement(ApiModel):
    """Which nodes the pods may run on."""

    node_selector: dict[str, str] | None = None
    """Labels that a node must have."""
    tolerations: tuple[Toleration, ...] | None = None
    """Taints that the pods tolerate."""
    affinity: Affinity | None = None
    """Nodes and pods to be near to, or away from."""
    topology_spread_constraints: tuple[TopologySpread, ...] | None = None
    """How the pods are spread over nodes or zones."""
    priority_class_name: str = ""
    """Name of a PriorityClass; empty for the cluster's default."""
    runtime_class_name: str = ""
    """Name of a RuntimeClass, such as `nvidia`; empty for the node's default."""
