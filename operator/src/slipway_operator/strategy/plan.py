"""The plan: every child as it should be, in the order to write, and every child that must go.

It is a pure function of the spec, what was observed, and now. Writing in order, then deleting, is
safe to interrupt anywhere: what serves is never taken away before its successor was put in.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from slipway_operator.api.quantities import format_time
from slipway_operator.api.v1alpha1 import ModelDeploymentSpec
from slipway_operator.desired.autoscaler import build_autoscaler
from slipway_operator.desired.budget import build_budget
from slipway_operator.desired.controllerrevision import (
    build_controller_revision,
    read_controller_revision,
)
from slipway_operator.desired.deployment import build_deployment
from slipway_operator.desired.labels import REVISION_LABEL
from slipway_operator.desired.networkpolicy import build_network_policy
from slipway_operator.desired.revisions import Defaults, Revision, new_revision, revision_name
from slipway_operator.desired.services import build_entry_service, build_revision_service
from slipway_operator.diagnosis import Fault, diagnose
from slipway_operator.objects import (
    AUTOSCALER,
    CONTROLLER_REVISION,
    DEPLOYMENT,
    Obj,
    Ref,
    labels_of,
    ref_of,
)
from slipway_operator.strategy.bluegreen import Decision, Role, Situation, decide
from slipway_operator.strategy.observed import ABORTED, STARTED_AT, Observed
from slipway_operator.strategy.replicas import (
    candidate_replicas,
    previous_replicas,
    stable_replicas,
)


@dataclass(frozen=True, slots=True)
class Plan:
    """What to write, what to delete, and the decision behind it."""

    wanted: str
    decision: Decision
    revisions: Mapping[str, Revision]
    faults: Mapping[str, Fault]
    desired: tuple[Obj, ...]
    unwanted: tuple[Ref, ...]


def make_plan(raw_spec: Obj, observed: Observed, defaults: Defaults, now: datetime) -> Plan:
    """Return the plan for one ModelDeployment."""
    spec = ModelDeploymentSpec.model_validate(raw_spec)
    wanted = revision_name(raw_spec)
    faults = _faults(observed, wanted)
    decision = decide(Situation(wanted, spec, observed, faults.get(wanted), now))
    known = _known_revisions(raw_spec, wanted, observed, defaults)
    children = _Children(spec, observed, decision, known)
    desired = tuple(children.all())
    unwanted = _unwanted(observed, desired, decision, is_paused=spec.paused)
    return Plan(wanted, decision, known, faults, desired, unwanted)


def _faults(observed: Observed, wanted: str) -> dict[str, Fault]:
    """Diagnose the revision that is wanted and the one that serves."""
    entry = observed.entry
    served = entry.revision if entry and entry.promoted_at else None
    deployments = observed.by_revision(DEPLOYMENT)
    found = {
        name: diagnose(deployments.get(name), observed.pods_of(name), has_served=name == served)
        for name in {wanted, served or wanted}
    }
    return {name: fault for name, fault in found.items() if fault}


def _known_revisions(
    raw_spec: Obj, wanted: str, observed: Observed, defaults: Defaults
) -> dict[str, Revision]:
    """Return every revision whose content is known, the wanted one among them."""
    known = {
        name: read_controller_revision(obj)
        for name, obj in observed.by_revision(CONTROLLER_REVISION).items()
    }
    if wanted not in known:
        number = max((revision.number for revision in known.values()), default=0) + 1
        known[wanted] = new_revision(raw_spec, number, defaults)
    return known


def _unwanted(
    observed: Observed, desired: tuple[Obj, ...], decision: Decision, *, is_paused: bool
) -> tuple[Ref, ...]:
    """Return the children that must go.

    A running revision whose ControllerRevision was lost cannot be rebuilt; it is left as it is.
    """
    wanted = {ref_of(obj) for obj in desired}

    def must_go(ref: Ref, obj: Obj) -> bool:
        if ref in wanted:
            return False
        of_running = labels_of(obj).get(REVISION_LABEL) in decision.roles
        return ref.kind == AUTOSCALER or not (of_running or is_paused)

    return tuple(ref for ref, obj in observed.children.items() if must_go(ref, obj))


@dataclass(frozen=True, slots=True)
class _Children:
    """The children that a decision asks for."""

    spec: ModelDeploymentSpec
    observed: Observed
    decision: Decision
    known: dict[str, Revision]

    def all(self) -> Iterator[Obj]:
        """Return them in the order to write: what others lean on comes first."""
        owner, entry = self.observed.owner, self.decision.entry
        running = [self.known[name] for name in self.decision.roles if name in self.known]
        yield build_network_policy(owner)
        yield from (build_controller_revision(owner, revision) for revision in self.remembered())
        yield from (build_revision_service(owner, name) for name in self.decision.roles)
        yield from (self.deployment(revision) for revision in running)
        if entry:
            yield build_entry_service(owner, self.spec.service, entry)
            yield build_budget(owner, entry.revision)
        if self.spec.autoscaling and self.decision.stable:
            yield build_autoscaler(owner, self.decision.stable, self.spec.autoscaling)

    def remembered(self) -> list[Revision]:
        """Return the revisions to remember: those that run, and the newest of the others."""
        roles = self.decision.roles
        used = [revision for name, revision in self.known.items() if name in roles]
        others = sorted(
            (revision for name, revision in self.known.items() if self._is_former(name)),
            key=lambda revision: revision.number,
            reverse=True,
        )
        return used + others[: self.spec.revision_history_limit]

    def _is_former(self, name: str) -> bool:
        return name in self.observed.remembered and name not in self.decision.roles

    def deployment(self, revision: Revision) -> Obj:
        """Return a revision's Deployment."""
        annotations = self._rollout_memory(revision.name)
        owner = self.observed.owner
        return build_deployment(owner, revision, self._replicas(revision.name), annotations)

    def _rollout_memory(self, revision: str) -> dict[str, str]:
        decision = self.decision
        if decision.roles[revision] is Role.ABORTED:
            abort = self.observed.facts(revision).abort or decision.abort
            return {ABORTED: abort.to_annotation()} if abort else {}
        if revision == decision.candidate and decision.started_at:
            return {STARTED_AT: format_time(decision.started_at)}
        return {}

    def _replicas(self, revision: str) -> int | None:
        facts = self.observed.facts(revision)
        match self.decision.roles[revision]:
            case Role.STABLE:
                return stable_replicas(self.spec, facts, self._last_known(revision))
            case Role.CANDIDATE:
                stable = self.observed.facts(self.decision.stable or "")
                return candidate_replicas(self.spec, stable, facts)
            case Role.PREVIOUS:
                return previous_replicas(self.spec)
            case Role.ABORTED:
                return 0

    def _last_known(self, revision: str) -> int:
        autoscaler = self.observed.by_revision(AUTOSCALER).get(revision, {})
        count: int = autoscaler.get("status", {}).get("desiredReplicas", 0)
        return count
