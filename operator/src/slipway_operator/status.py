"""From a plan and what was observed to the status: one verdict, then everything users read.

The former status is read for two things only: to keep the time of conditions that did not change,
and to notice what to put into the history. No decision ever rests on it.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Final

from slipway_operator.api.reasons import Reason
from slipway_operator.api.status import (
    Condition,
    ConditionStatus,
    ConditionType,
    HistoryEntry,
    ModelDeploymentStatus,
    Outcome,
    Phase,
    RevisionStatus,
    RolloutStatus,
)
from slipway_operator.desired.labels import children_selector
from slipway_operator.desired.services import entry_name
from slipway_operator.diagnosis import Fault
from slipway_operator.objects import SERVICE, Obj, Ref, is_ready
from slipway_operator.strategy.bluegreen import Role
from slipway_operator.verdict import Verdict, View, judge, reason_of, waiting_for

HISTORY: Final = 10


def first_status(generation: int, now: datetime) -> ModelDeploymentStatus:
    """Return the status written at first sight, before anything runs.

    Tools take an object without a Ready condition for finished.
    """
    verdict = Verdict(Phase.PENDING, Reason.ACCEPTED, Reason.ACCEPTED.meaning, is_progressing=True)
    return ModelDeploymentStatus(
        observed_generation=generation,
        phase=verdict.phase,
        message=verdict.message,
        conditions=_conditions(verdict, verdict.reason, {}, generation, now),
    )


def failed_status(
    old: ModelDeploymentStatus, fault: Fault, generation: int, now: datetime
) -> ModelDeploymentStatus:
    """Return the status of an object that cannot be carried out: what served is left as it was."""
    verdict = Verdict(Phase.DEGRADED, fault.reason, fault.message, is_stalled=True)
    before = {condition.type: condition for condition in old.conditions}
    serving = before.get(ConditionType.SERVING)
    fresh = _conditions(verdict, fault.reason, before, generation, now)
    kept = [item for item in fresh if item.type != ConditionType.SERVING]
    return old.model_copy(
        update={
            "observed_generation": generation,
            "phase": verdict.phase,
            "message": verdict.message,
            "conditions": (*kept, serving) if serving else fresh,
        }
    )


def next_status(view: View) -> ModelDeploymentStatus:
    """Return the status."""
    verdict, decision = judge(view), view.plan.decision
    before = {condition.type: condition for condition in view.old.conditions}
    stable = _revision_status(view, decision.stable)
    candidate = _revision_status(view, decision.candidate)
    pods = view.observed.pods
    live = [pod for pod in pods if "deletionTimestamp" not in pod["metadata"]]
    return ModelDeploymentStatus(
        observed_generation=view.generation,
        phase=verdict.phase,
        message=verdict.message,
        url=_url(view),
        replicas=len(live),
        ready_replicas=sum(is_ready(pod) for pod in live),
        selector=children_selector(view.observed.owner),
        stable=stable,
        candidate=candidate,
        rollout=_rollout(view),
        history=_history(view),
        conditions=_conditions(verdict, _serving(view), before, view.generation, view.now),
    )


def to_wire(status: ModelDeploymentStatus) -> Obj:
    """Return the status as Kubernetes keeps it."""
    return status.model_dump(mode="json", by_alias=True, exclude_none=True)


def _serving(view: View) -> Reason:
    """Return Serving where requests are answered, else the reason why not."""
    entry = view.plan.decision.entry
    refused = view.refused.get(Ref(SERVICE, entry_name(view.observed.owner)))
    if refused:
        return refused.reason
    if entry and view.ready(entry.revision):
        return Reason.SERVING
    if view.plan.decision.stable is None:
        return Reason.PAUSED if view.spec.paused else Reason.STARTING
    return Reason.NO_READY_PODS if view.needed else Reason.SCALED_TO_ZERO


def _conditions(
    verdict: Verdict,
    serving: Reason,
    before: Mapping[str, Condition],
    generation: int,
    now: datetime,
) -> tuple[Condition, ...]:
    def condition(kind: ConditionType, holds: bool, reason: Reason, message: str) -> Condition:
        status = ConditionStatus.TRUE if holds else ConditionStatus.FALSE
        old = before.get(kind)
        since = old.last_transition_time if old and old.status == status else now
        return Condition(
            type=kind,
            status=status,
            reason=reason,
            message=message,
            last_transition_time=since,
            observed_generation=generation,
        )

    def all_conditions() -> Iterator[Condition]:
        told = (verdict.reason, verdict.message)
        yield condition(ConditionType.READY, verdict.is_ready, *told)
        is_served = serving is Reason.SERVING
        yield condition(ConditionType.SERVING, is_served, serving, serving.meaning)
        yield condition(ConditionType.PROGRESSING, verdict.is_progressing, *told)
        if verdict.is_progressing:
            yield condition(ConditionType.RECONCILING, True, *told)
        if verdict.is_stalled:
            yield condition(ConditionType.STALLED, True, *told)

    return tuple(all_conditions())


def _revision_status(view: View, revision: str | None) -> RevisionStatus | None:
    if revision is None:
        return None
    known = view.plan.revisions.get(revision)
    return RevisionStatus(
        revision=revision,
        version=known.model_spec.version if known else None,
        replicas=len(view.observed.pods_of(revision)),
        ready_replicas=view.ready(revision),
    )


def _rollout(view: View) -> RolloutStatus | None:
    decision = view.plan.decision
    if decision.candidate is None or decision.roles.get(decision.candidate) is not Role.CANDIDATE:
        return None
    fault = view.plan.faults.get(decision.candidate)
    same = view.old.candidate and view.old.candidate.revision == decision.candidate
    remembered = view.old.rollout.started_at if view.old.rollout and same else view.now
    return RolloutStatus(
        started_at=decision.started_at or remembered,
        waiting_for=fault.message if fault else waiting_for(view),
    )


def _history(view: View) -> tuple[HistoryEntry, ...]:
    added = list(_ended(view))
    return (*added, *(item for item in view.old.history if item not in added))[:HISTORY]


def _ended(view: View) -> Iterator[HistoryEntry]:
    """Return the rollouts that ended since the former status."""
    old, decision = view.old, view.plan.decision
    former = old.stable.revision if old.stable else None
    if decision.stable and decision.stable != former and decision.entry:
        outcome = Outcome.ROLLED_BACK if _is_return(view, former) else Outcome.PROMOTED
        when = decision.entry.promoted_at or view.now
        yield _entry(view, decision.stable, outcome, reason_of(outcome.value), when)
    elif decision.abort and decision.candidate:
        reason = reason_of(decision.abort.reason)
        yield _entry(view, decision.candidate, Outcome.ABORTED, reason, decision.abort.at)
    dropped = old.candidate.revision if old.candidate and old.rollout else None
    if dropped and dropped not in decision.roles:
        yield _entry(view, dropped, Outcome.SUPERSEDED, Reason.SUPERSEDED, view.now)


def _is_return(view: View, former: str | None) -> bool:
    revisions = view.plan.revisions
    now, then = revisions.get(view.plan.decision.stable or ""), revisions.get(former or "")
    return now is not None and then is not None and now.number < then.number


def _entry(
    view: View, revision: str, outcome: Outcome, reason: Reason, time: datetime
) -> HistoryEntry:
    known = view.plan.revisions.get(revision)
    return HistoryEntry(
        revision=revision,
        version=known.model_spec.version if known else None,
        outcome=outcome,
        reason=reason,
        time=time.replace(microsecond=0),
    )


def _url(view: View) -> str:
    owner, port = view.observed.owner, view.spec.service.port
    suffix = "" if port == 80 else f":{port}"
    return f"http://{entry_name(owner)}.{owner.namespace}.svc{suffix}"
