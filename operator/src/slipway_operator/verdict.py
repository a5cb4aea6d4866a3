"""The whole state of a ModelDeployment in one phase, one reason and one sentence.

It judges what was observed and decided; how a verdict is told to users is the status's business.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from slipway_operator.api.reasons import Reason
from slipway_operator.api.status import ModelDeploymentStatus, Phase
from slipway_operator.api.v1alpha1 import ModelDeploymentSpec
from slipway_operator.diagnosis import Fault
from slipway_operator.objects import Ref, is_ready
from slipway_operator.strategy.observed import Abort, Observed
from slipway_operator.strategy.plan import Plan

_REASONS: Final = {reason.value: reason for reason in Reason}


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


def judge(view: View) -> Verdict:
    """Return the verdict."""
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
        return _aborted(view, decision.abort)
    if decision.stable != view.plan.wanted:
        return _on_the_way(view)
    return _settled(view)


def _refused(view: View) -> Verdict:
    fault = next(iter(view.refused.values()))
    return Verdict(Phase.DEGRADED, fault.reason, fault.message, is_stalled=True)


def _aborted(view: View, abort: Abort) -> Verdict:
    words = f"The rollout of revision {view.plan.wanted} was given up: {abort.message}"
    told = _sentences(words, _who_serves(view))
    return Verdict(Phase.DEGRADED, reason_of(abort.reason), told, is_stalled=True)


def _on_the_way(view: View) -> Verdict:
    decision = view.plan.decision
    if fault := view.plan.faults.get(view.plan.wanted):
        stalled = fault.is_final or _is_late(view)
        return Verdict(
            Phase.DEGRADED,
            fault.reason,
            _sentences(fault.message, _who_serves(view)),
            is_progressing=not stalled,
            is_stalled=stalled,
        )
    words = _sentences(waiting_for(view), _who_serves(view))
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
        words = _sentences(fault.message, _who_serves(view))
        return Verdict(Phase.DEGRADED, fault.reason, words, is_progressing=True)
    reason = Reason.PODS_NOT_READY if ready else Reason.NO_READY_PODS
    words = f"{ready} of {_pods(view.needed)} of revision {stable} are ready"
    return Verdict(Phase.PROGRESSING, reason, words, is_progressing=True)


def _is_late(view: View) -> bool:
    started = view.plan.decision.started_at
    return started is not None and started + view.spec.rollout.progress_deadline <= view.now


def waiting_for(view: View) -> str:
    """Return what the wanted revision still lacks."""
    wanted = view.plan.wanted
    return f"Revision {wanted} is starting: {view.ready(wanted)} of {_pods(_asked_for(view))} ready"


def _asked_for(view: View) -> int:
    facts = view.observed.facts(view.plan.wanted)
    return facts.replicas if facts.exists else view.needed


def _who_serves(view: View) -> str:
    entry = view.plan.decision.entry
    ready = view.ready(entry.revision if entry else None)
    return f"Revision {entry.revision} serves" if entry and ready else "Nobody is served"


def _sentences(first: str, second: str) -> str:
    first = first.rstrip(". ")
    return f"{first} {second}" if first.endswith("?") else f"{first}. {second}"


def _pods(count: int) -> str:
    return f"{count} pod" if count == 1 else f"{count} pods"


def reason_of(text: str) -> Reason:
    """Return the reason that an annotation names."""
    return _REASONS.get(text, Reason.ABORTED)
