"""What to tell in Kubernetes events: the transitions between two statuses, each told once.

An event's name is made from what happened, not from when it was noticed, so that an operator that
dies between telling and remembering does not tell twice.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from slipway_operator.api import API_VERSION, KIND
from slipway_operator.api.quantities import format_time
from slipway_operator.api.reasons import Reason
from slipway_operator.api.status import ConditionType, ModelDeploymentStatus, Outcome
from slipway_operator.desired.labels import common_labels
from slipway_operator.objects import EVENT, Obj, Owner

COMPONENT: Final = "slipway-operator"
_OUTCOMES: Final = {
    Outcome.PROMOTED: Reason.PROMOTED,
    Outcome.ROLLED_BACK: Reason.ROLLED_BACK,
    Outcome.ABORTED: Reason.ABORTED,
    Outcome.SUPERSEDED: Reason.SUPERSEDED,
}


@dataclass(frozen=True, slots=True)
class Told:
    """One thing that happened; `identity` tells it from a like thing at another time."""

    reason: Reason
    note: str
    identity: str


def transitions(old: ModelDeploymentStatus, new: ModelDeploymentStatus) -> Iterator[Told]:
    """Return what happened between two statuses."""
    yield from _rollouts(old, new)
    yield from _trouble(old, new)


def restored(child: Obj, what_happened: str) -> Told:
    """Return that a child was put right."""
    meta = child["metadata"]
    note = f"{child['kind']} {meta['name']} had been {what_happened} and was put right"
    return Told(Reason.RESTORED, note, f"{meta['uid']}/{meta['resourceVersion']}")


def build_event(owner: Owner, told: Told, reporter: str, now: datetime) -> Obj:
    """Return the event."""
    identity = f"{owner.uid}/{told.reason}/{told.identity}"
    digest = hashlib.sha256(identity.encode()).hexdigest()[:16]
    return {
        "apiVersion": EVENT.api_version,
        "kind": EVENT.kind,
        "metadata": {
            "name": f"{owner.name[:200].rstrip('-.')}.{digest}",
            "namespace": owner.namespace,
            "labels": common_labels(owner),
        },
        "firstTimestamp": format_time(now),
        "lastTimestamp": format_time(now),
        "count": 1,
        "source": {"component": COMPONENT, "host": reporter},
        "reportingComponent": COMPONENT,
        "type": "Warning" if told.reason.is_warning else "Normal",
        "reason": told.reason.value,
        "message": told.note[:1024],
        "involvedObject": {
            "apiVersion": API_VERSION,
            "kind": KIND,
            "namespace": owner.namespace,
            "name": owner.name,
            "uid": owner.uid,
        },
    }


def _rollouts(old: ModelDeploymentStatus, new: ModelDeploymentStatus) -> Iterator[Told]:
    before = old.candidate.revision if old.candidate and old.rollout else None
    if new.candidate and new.rollout and new.candidate.revision != before:
        note = f"Revision {new.candidate.revision} is being started"
        started = format_time(new.rollout.started_at)
        yield Told(Reason.ROLLOUT_STARTED, note, f"{new.candidate.revision}/{started}")
    for entry in new.history:
        if entry not in old.history:
            reason = _OUTCOMES[entry.outcome]
            words = new.message if entry.outcome is Outcome.ABORTED else reason.meaning
            told_by = f"{entry.revision}/{format_time(entry.time)}"
            yield Told(reason, f"Revision {entry.revision}: {words}", told_by)


def _trouble(old: ModelDeploymentStatus, new: ModelDeploymentStatus) -> Iterator[Told]:
    """Tell a change of the Ready condition; the former one names the moment, whoever tells it."""
    before = next((item for item in old.conditions if item.type == ConditionType.READY), None)
    after = next(item for item in new.conditions if item.type == ConditionType.READY)
    if before and (before.status, before.reason) == (after.status, after.reason):
        return
    reason = _REASONS.get(after.reason)
    if reason and (reason.is_warning or reason is Reason.READY):
        since = format_time(before.last_transition_time) if before else ""
        former = before.reason if before else ""
        yield Told(reason, after.message, f"{former}/{since}/{after.observed_generation}")


_REASONS: Final = {reason.value: reason for reason in Reason}
