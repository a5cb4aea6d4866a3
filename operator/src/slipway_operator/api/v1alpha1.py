"""The ModelDeployment of version v1alpha1: the spec as a whole, and its smaller parts.

Only fields whose behaviour exists are here: nothing in the API is a promise. Defaults are those of
these models and never reach the CRD's schema, so nothing is ever written into a user's spec.
"""

from datetime import timedelta
from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import Field

from slipway_operator.api.base import ApiModel, Rule
from slipway_operator.api.model import ModelSpec
from slipway_operator.api.quantities import Duration, between
from slipway_operator.api.runtime import RuntimeSpec
from slipway_operator.api.status import ModelDeploymentStatus

Replicas = Annotated[int, Field(le=10_000, json_schema_extra={"format": "int32"})]


class MetricType(StrEnum):
    """What an autoscaler looks at."""

    CPU = "CPU"
    MEMORY = "Memory"


class Metric(ApiModel):
    """One thing that the autoscaler looks at; the one that asks for most pods wins."""

    type: MetricType
    """`CPU` or `Memory`."""
    target: Annotated[int, Field(ge=1, le=1000)]
    """The average use to keep, in percent of what each pod requests."""


class Autoscaling(ApiModel):
    """How many pods run, by their load."""

    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            "!has(self.minReplicas) || self.minReplicas <= self.maxReplicas",
            "must not be above maxReplicas",
            field="minReplicas",
        ),
    )

    min_replicas: Annotated[Replicas, Field(ge=1)] = 1
    """The fewest pods."""
    max_replicas: Annotated[Replicas, Field(ge=1)]
    """The most pods."""
    metrics: Annotated[
        tuple[Metric, ...],
        Field(
            max_length=8,
            json_schema_extra={
                "x-kubernetes-list-type": "map",
                "x-kubernetes-list-map-keys": ["type"],
            },
        ),
        Rule(
            "size(self) > 0",
            "must list at least one metric, as in {type: CPU, target: 80}",
        ),
    ]
    """What to look at, at least one."""


class Rollout(ApiModel):
    """How a new revision replaces the stable one."""

    keep_stable: Annotated[Duration, between("0s", "24h"), Field(examples=["10m"])] = timedelta(
        minutes=5
    )
    """How long the replaced revision stays warm: going back to it within that time is instant."""
    progress_deadline: Annotated[Duration, between("10s", "24h"), Field(examples=["30m"])] = (
        timedelta(minutes=10)
    )
    """How long a new revision may take to become ready before it is given up."""


class ServiceType(StrEnum):
    """How the Service is reached."""

    CLUSTER_IP = "ClusterIP"
    NODE_PORT = "NodePort"
    LOAD_BALANCER = "LoadBalancer"


class ServiceSpec(ApiModel):
    """The Service that answers requests; it has the name of the ModelDeployment."""

    type: ServiceType = ServiceType.CLUSTER_IP
    """How the Service is reached."""
    port: Annotated[int, Field(ge=1, le=65535)] = 80
    """Its port."""
    annotations: Annotated[
        dict[str, Annotated[str, Field(max_length=4096)]],
        Field(max_length=32, examples=[{"example.com/internal": "true"}]),
        Rule(
            "self.all(name, !name.startsWith('slipway.dev/') "
            "&& !name.startsWith('serving.slipway.dev/'))",
            "must not be Slipway's own: choose names that do not begin with slipway.dev/ "
            "or serving.slipway.dev/",
        ),
    ] = Field(default_factory=dict)
    """Annotations for it, for instance for a cloud's load balancer."""


def _scaling_needs_request(metric: str, resource: str, example: str) -> Rule:
    resources = "self.runtime.resources"
    given = " || ".join(
        f"(has({resources}.{side}) && '{resource}' in {resources}.{side})"
        for side in ("requests", "limits")
    )
    return Rule(
        f"!has(self.autoscaling) || !self.autoscaling.metrics.exists(m, m.type == '{metric}') || "
        f"(has(self.runtime) && has({resources}) && ({given}))",
        f"must say how much each pod requests, to be scaled on {metric}: "
        f"write runtime.resources.requests.{resource}, as in {example}",
    )


class ModelDeploymentSpec(ApiModel):
    """What a user asks for."""

    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            "!has(self.replicas) || !has(self.autoscaling)",
            "must not have both replicas and autoscaling: remove replicas to let the autoscaler "
            "decide, or remove autoscaling to keep a fixed number",
        ),
        _scaling_needs_request("CPU", "cpu", "500m"),
        _scaling_needs_request("Memory", "memory", "256Mi"),
    )

    model: ModelSpec
    """The model to serve."""
    runtime: RuntimeSpec = RuntimeSpec()
    """How the model is run."""
    replicas: Annotated[Replicas, Field(ge=0, examples=[2])] | None = None
    """How many pods run, 1 when left out; not together with `autoscaling`."""
    autoscaling: Autoscaling | None = None
    """How many pods run, by their load; not together with `replicas`."""
    rollout: Rollout = Rollout()
    """How a new revision replaces the stable one."""
    service: ServiceSpec = ServiceSpec()
    """The Service that answers requests."""
    paused: bool = False
    """While true, no revision is started, promoted or removed; what runs is scaled and healed."""
    revision_history_limit: Annotated[int, Field(ge=0, le=100)] = 10
    """How many old revisions are remembered, so that one can return to them."""

    @property
    def fixed_replicas(self) -> int:
        """How many pods to run where no autoscaler decides."""
        return 1 if self.replicas is None else self.replicas


class ModelDeployment(ApiModel):
    """A machine-learning model in production."""

    spec: ModelDeploymentSpec
    """What a user asks for."""
    status: ModelDeploymentStatus = ModelDeploymentStatus()
    """What the operator observes."""
