"""What the operator reports about a ModelDeployment: `status`, its phases and conditions.

Reading is lenient, for a status may have been written by a newer operator. How a status comes
about is not decided here.
"""

from enum import StrEnum
from typing import Annotated, Final

from pydantic import BeforeValidator, Field

from slipway_operator.api.base import ApiModel
from slipway_operator.api.described import Described
from slipway_operator.api.quantities import Time

MESSAGE_LIMIT: Final = 1024


def _shorten(text: object) -> object:
    if isinstance(text, str) and len(text) > MESSAGE_LIMIT:
        return f"{text[: MESSAGE_LIMIT - 1]}…"
    return text


Message = Annotated[str, BeforeValidator(_shorten), Field(max_length=MESSAGE_LIMIT)]
RevisionName = Annotated[str, Field(max_length=63)]
Count = Annotated[int, Field(json_schema_extra={"format": "int32"})]
Generation = Annotated[int, Field(json_schema_extra={"format": "int64"})]


class Phase(Described):
    """The whole state in one word."""

    PENDING = ("Pending", "Nobody is served yet; the first revision is on its way.")
    PROGRESSING = ("Progressing", "A change is on its way; what served before goes on serving.")
    PAUSED = ("Paused", "`spec.paused` is true: no revision is started, promoted or removed.")
    HEALTHY = ("Healthy", "The whole spec is live.")
    DEGRADED = ("Degraded", "Something needs a person; `Serving` says whether users are answered.")


class Outcome(Described):
    """How a rollout ended."""

    PROMOTED = ("Promoted", "The candidate became the stable revision.")
    ABORTED = ("Aborted", "The candidate was given up; the stable revision stayed.")
    SUPERSEDED = ("Superseded", "A newer candidate took its place.")
    ROLLED_BACK = ("RolledBack", "An earlier revision serves again.")


class ConditionType(Described):
    """The conditions."""

    READY = ("Ready", "The whole spec is live. Present from the first sight on.")
    SERVING = ("Serving", "Users are answered now, by whichever revision.")
    PROGRESSING = ("Progressing", "A change is on its way.")
    RECONCILING = (
        "Reconciling",
        "The same for tools that follow kstatus; present only while it is true.",
    )
    STALLED = (
        "Stalled",
        "It will not go on by itself; for tools that follow kstatus, present only while true.",
    )


class ConditionStatus(StrEnum):
    """Whether a condition holds."""

    TRUE = "True"
    FALSE = "False"
    UNKNOWN = "Unknown"


class Condition(ApiModel):
    """One condition, as Kubernetes writes them."""

    type: Annotated[str, Field(max_length=316)]
    """Name of the condition."""
    status: ConditionStatus
    """Whether it holds: True, False or Unknown."""
    reason: Annotated[str, Field(max_length=128)]
    """Why, in one word; see the table of reasons."""
    message: Message = ""
    """Why, in a sentence."""
    last_transition_time: Time
    """When the status last changed."""
    observed_generation: Generation
    """The generation of the spec that this condition speaks of."""


class RevisionStatus(ApiModel):
    """One revision and its pods."""

    revision: RevisionName
    """Name of the revision: a short hash of `spec.model` and `spec.runtime`."""
    version: str | None = None
    """The user's own label, `spec.model.version`."""
    replicas: Count = 0
    """How many pods it has."""
    ready_replicas: Count = 0
    """How many of them are ready: model verified, loaded and warmed."""


class RolloutStatus(ApiModel):
    """The rollout that is under way; absent when there is none."""

    started_at: Time
    """When the candidate was first seen."""
    waiting_for: Message | None = None
    """What must happen before the rollout goes on."""


class HistoryEntry(ApiModel):
    """One rollout that ended."""

    revision: RevisionName
    """The revision that was rolled out."""
    version: str | None = None
    """Its `spec.model.version`."""
    outcome: Outcome
    """How the rollout ended."""
    reason: Annotated[str, Field(max_length=128)] | None = None
    """Why it ended so; see the table of reasons."""
    time: Time
    """When it ended."""


class ModelDeploymentStatus(ApiModel):
    """The observed state."""

    observed_generation: Generation | None = None
    """The generation of the spec that this status speaks of."""
    phase: Phase | None = None
    """The whole state in one word."""
    message: Message | None = None
    """The whole state in a sentence."""
    url: Annotated[str, Field(max_length=512)] | None = None
    """Where requests are answered inside the cluster."""
    replicas: Count | None = None
    """How many pods there are, of every revision; read by the scale subresource."""
    ready_replicas: Count | None = None
    """How many of them are ready."""
    selector: Annotated[str, Field(max_length=512)] | None = None
    """The label selector of those pods; read by the scale subresource."""
    stable: RevisionStatus | None = None
    """The revision that users rely on."""
    candidate: RevisionStatus | None = None
    """The revision that is to replace it; absent when there is none."""
    rollout: RolloutStatus | None = None
    """The rollout that is under way; absent when there is none."""
    history: Annotated[tuple[HistoryEntry, ...], Field(max_length=20)] = ()
    """The last rollouts that ended, newest first."""
    conditions: Annotated[
        tuple[Condition, ...],
        Field(
            max_length=16,
            json_schema_extra={
                "x-kubernetes-list-type": "map",
                "x-kubernetes-list-map-keys": ["type"],
            },
        ),
    ] = ()
    """The state, one aspect each; `kubectl wait --for=condition=Ready` reads them."""
