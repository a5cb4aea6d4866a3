"""From a plan and what was observed to the status: one verdict, then everything users read.

The former status is read for two things only: to keep the time of conditions that did not change,
and to notice what to put into the history. No decision ever rests on it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
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
from slipway_operator.api.v1alpha1 import ModelDeploymentSpec
from slipway_operator.desired.labels import children_selector
from slipway_operator.desired.services import entry_name
from slipway_operator.diagnosis import Fault
from slipway_operator.objects import SERVICE, Obj, Ref
from slipway_operator.strategy.bluegreen import Role
from slipway_operator.strategy.observed import Observed, is_ready
from slipway_operator.strategy.plan import Plan

HISTORY: Final = 10
MAX_MESSAGE: Final = 1024


@dataclass(frozen=True, slots=True)
class View:
    """All that a status is made from."""

    generation: int
    old: ModelDeploymentStatus
    spec: ModelDeploymentSpec
    observed: Observed
    plan: Plan
    refused: Mapping[Ref, Fault]
    now: datetime

    def ready(self, revision: str | None) -> int:
        """Return how many pods of a revision are ready."""
        return sum(is_ready(pod) for pod in self.observed.pods_of(revision)) if revision else 0

    @property
    def needed(self) -> int:
        """How many ready pods make the whole spec live."""
        scaling = self.spec.autoscaling
        return scaling.min_replicas if scaling else self.spec.fixed_replicas


@dataclass(frozen=True, slots=True)
class Verdict:
    """The whole state: one phase, one reason, one sentence."""

    phase: Phase
    reason: Reason
    message: str
    is_ready: bool = False
    is_progressing: bool = False
    is_stalled: bool = False


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
    verdict, decision = _judge(view), view.plan.decision
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


def _judge(view: View) -> Verdict:
    verdict = _unpaused(view)
    if view.spec.paused and verdict.phase in (Phase.HEALTHY, Phase.PROGRESSING):
        return _paused(view, verdict)
    return verdict


def _paused(view: View, verdict: Verdict) -> Verdict:
    if verdict.is_ready:
        return Verdict(Phase.PAUSED, verdict.reason, verdict.message, is_ready=True)
    words = f"Paused: revision {view.plan.wanted} waits until spec.paused is false"
    return Verdict(Phase.PAUSED, Reason.PAUSED, words)


def _unpaused(view: View) -> Verdict:
    decision = view.plan.decision
    if view.refused:
        return _refused(view)
    if decision.abort:
        return _aborted(view)
    if decision.stable != view.plan.wanted:
        return _on_the_way(view)
    return _settled(view)


def _refused(view: View) -> Verdict:
    fault = next(iter(view.refused.values()))
    return Verdict(Phase.DEGRADED, fault.reason, fault.message, is_stalled=True)


def _aborted(view: View) -> Verdict:
    decision = view.plan.decision
    abort = decision.abort
    assert abort is not None  # noqa: S101
    words = f"The rollout of revision {decision.candidate} was given up: {abort.message}."
    reason = _reason(abort.reason)
    return Verdict(Phase.DEGRADED, reason, _cut(f"{words} {_who_serves(view)}"), is_stalled=True)


def _on_the_way(view: View) -> Verdict:
    decision = view.plan.decision
    if fault := view.plan.faults.get(view.plan.wanted):
        stalled = fault.is_final or _is_late(view)
        return Verdict(
            Phase.DEGRADED,
            fault.reason,
            _cut(f"{fault.message}. {_who_serves(view)}"),
            is_progressing=not stalled,
            is_stalled=stalled,
        )
    words = _cut(f"{_waiting_for(view)}. {_who_serves(view)}")
    if _is_late(view):
        return Verdict(Phase.DEGRADED, Reason.PROGRESS_DEADLINE_EXCEEDED, words, is_stalled=True)
    reason = Reason.ROLLOUT_IN_PROGRESS if decision.stable else Reason.STARTING
    return Verdict(Phase.PROGRESSING, reason, words, is_progressing=True)


def _settled(view: View) -> Verdict:
    stable = view.plan.decision.stable
    ready = view.ready(stable)
    if ready >= view.needed:
        zero = view.needed == 0
        reason = Reason.SCALED_TO_ZERO if zero else Reason.READY
        words = reason.meaning if zero else f"Revision {stable} serves with {_pods(ready)} ready"
        return Verdict(Phase.HEALTHY, reason, words, is_ready=True)
    if fault := view.plan.faults.get(stable or ""):
        words = _cut(f"{fault.message}. {_who_serves(view)}")
        return Verdict(Phase.DEGRADED, fault.reason, words, is_progressing=True)
    reason = Reason.PODS_NOT_READY if ready else Reason.NO_READY_PODS
    words = f"{ready} of {_pods(view.needed)} of revision {stable} are ready"
    return Verdict(Phase.PROGRESSING, reason, words, is_progressing=True)


def _is_late(view: View) -> bool:
    started = view.plan.decision.started_at
    return started is not None and started + view.spec.rollout.progress_deadline <= view.now


def _waiting_for(view: View) -> str:
    wanted = view.plan.wanted
    return f"Revision {wanted} is starting: {view.ready(wanted)} of {_pods(_asked_for(view))} ready"


def _asked_for(view: View) -> int:
    facts = view.observed.facts(view.plan.wanted)
    return facts.replicas if facts.exists else view.needed


def _who_serves(view: View) -> str:
    entry = view.plan.decision.entry
    ready = view.ready(entry.revision if entry else None)
    return f"Revision {entry.revision} serves" if entry and ready else "Nobody is served"


def _pods(count: int) -> str:
    return f"{count} pod" if count == 1 else f"{count} pods"


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
        waiting_for=_cut(fault.message if fault else _waiting_for(view)),
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
        yield _entry(view, decision.stable, outcome, _reason(outcome.value), when)
    elif decision.abort and decision.candidate:
        reason = _reason(decision.abort.reason)
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


_REASONS: Final = {reason.value: reason for reason in Reason}


def _reason(text: str) -> Reason:
    return _REASONS.get(text, Reason.ABORTED)


def _cut(text: str) -> str:
    return text[:MAX_MESSAGE]
