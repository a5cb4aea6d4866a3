"""`spec.runtime`: the pods that run the model.

Only what is safe to leave to any user of a namespace is here. No service account, host path,
privilege or foreign Secret can be named, and none may ever be added.
"""

from datetime import timedelta
from typing import Annotated, ClassVar

from pydantic import Field

from slipway_operator.api.base import ApiModel, Rule
from slipway_operator.api.placement import Placement
from slipway_operator.api.quantities import Duration, Quantity, between

ResourceList = Annotated[
    dict[str, Quantity],
    Field(max_length=8, examples=[{"cpu": "500m", "memory": "256Mi"}]),
    Rule(
        "self.all(name, name in ['cpu', 'memory', 'ephemeral-storage'])",
        "may name cpu, memory and ephemeral-storage; "
        "ask for GPUs and other devices in runtime.accelerator",
    ),
]


class Resources(ApiModel):
    """Resources of each pod, as in a Pod."""

    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            "!has(self.requests) || !has(self.limits) || self.requests.all(name, "
            "!(name in self.limits) || !isQuantity(string(self.requests[name])) || "
            "!isQuantity(string(self.limits[name])) || "
            "quantity(string(self.requests[name]))"
            ".compareTo(quantity(string(self.limits[name]))) <= 0)",
            "must not be above the limits of the same name; lower them or raise the limits",
            field="requests",
        ),
    )

    requests: ResourceList = Field(default_factory=dict)
    """What a node must have free: `cpu`, `memory`, `ephemeral-storage`."""
    limits: ResourceList = Field(default_factory=dict)
    """What a pod may use at most: `cpu`, `memory`, `ephemeral-storage`."""


class Accelerator(ApiModel):
    """Devices for each pod."""

    resource: Annotated[
        str,
        Field(max_length=253, examples=["nvidia.com/gpu"]),
        Rule(
            "self.matches(r'^[a-z0-9]([-a-z0-9.]*[a-z0-9])?/[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$')",
            "must be the device plugin's full name for the device, as in nvidia.com/gpu",
        ),
    ]
    """Name of the resource that the device plugin advertises, such as `nvidia.com/gpu`."""
    count: Annotated[int, Field(ge=1, le=64)] = 1
    """How many of them."""


class Warmup(ApiModel):
    """Requests that a pod answers to itself before it is ready."""

    requests: Annotated[int, Field(ge=0, le=1000)] = 3
    """How many; 0 for none."""


class Batching(ApiModel):
    """Rows of different requests that are computed in one run."""

    max_size: Annotated[int, Field(ge=2, le=4096, examples=[16])]
    """The most rows of one run. Only a model that treats each row by itself is batched."""
    max_delay: Annotated[Duration, between("0s", "1s"), Field(examples=["2ms"])] = timedelta()
    """How long a row may wait for others; with `0s` only what waits anyway is joined."""


class Concurrency(ApiModel):
    """What happens when more requests arrive than can be computed."""

    queue: Annotated[int, Field(ge=0, le=100_000)] = 256
    """How many requests may wait in a pod; more are refused at once, with status 503."""


class Cache(ApiModel):
    """Answers that are remembered, by everything that was asked."""

    size: Annotated[Quantity, Field(examples=["64Mi"])]
    """Memory for them in each pod; the least recently used are forgotten."""


class EnvVar(ApiModel):
    """A plain environment variable."""

    name: Annotated[
        str,
        Field(max_length=256, examples=["LOG_LEVEL"]),
        Rule(
            "self.matches(r'^[A-Za-z_][A-Za-z0-9_]*$')",
            "must consist of letters, digits and _, and not begin with a digit",
        ),
        Rule(
            "!self.startsWith('SLIPWAY_')",
            "must not begin with SLIPWAY_; those variables are set by Slipway itself",
        ),
    ]
    """Name of the variable."""
    value: Annotated[str, Field(max_length=4096)] = ""
    """Its value."""


class RuntimeSpec(ApiModel):
    """How the model is run."""

    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            "!has(self.cache) || !has(self.resources) || !has(self.resources.limits) || "
            "!('memory' in self.resources.limits) || "
            "!isQuantity(string(self.resources.limits['memory'])) || "
            "!isQuantity(string(self.cache.size)) || "
            "quantity(string(self.cache.size))"
            ".compareTo(quantity(string(self.resources.limits['memory']))) < 0",
            "must be smaller than runtime.resources.limits.memory, which the model needs too",
            field="cache",
        ),
    )

    image: Annotated[
        str,
        Field(max_length=512, examples=["registry.example.com/slipway-runtime:1.0.0"]),
        Rule(
            "self == '' || self.matches(r'^[A-Za-z0-9][-A-Za-z0-9._:/@]*$')",
            "must be the name of an image, as in registry.example.com/slipway-runtime:1.0.0, "
            "or empty for the operator's own setting",
        ),
    ] = ""
    """Runtime image; empty for the operator's own setting."""
    resources: Resources = Resources()
    """Resources of each pod."""
    accelerator: Accelerator | None = None
    """Devices for each pod; absent for CPU."""
    warmup: Warmup = Warmup()
    """Requests that a pod answers to itself before it is ready."""
    batching: Batching | None = None
    """Rows of different requests that are computed in one run; absent: every request by itself."""
    concurrency: Concurrency = Concurrency()
    """What happens when more requests arrive than can be computed."""
    timeout: Annotated[Duration, between("10ms", "30s"), Field(examples=["10s"])] = timedelta(
        seconds=30
    )
    """How long a request may take, from its arrival to its answer; then it gets status 504."""
    cache: Cache | None = None
    """Answers that are remembered; absent: none are."""
    env: Annotated[
        tuple[EnvVar, ...],
        Field(
            max_length=64,
            json_schema_extra={
                "x-kubernetes-list-type": "map",
                "x-kubernetes-list-map-keys": ["name"],
            },
        ),
    ] = ()
    """Plain environment variables for the runtime."""
    placement: Placement = Placement()
    """Which nodes the pods may run on."""
