"""The plain replacement of a model: a new revision takes over by itself once it is ready.

It decides which revision the entry selects and which revisions run. It must hold the invariants:
the entry never selects a revision without ready pods while another one has some; nothing moves
before the pods that must carry it are ready; the replaced revision stays warm for `keepStable`
and serves again at once when its successor loses every pod.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import Enum, auto

from slipway_operator.api.reasons import Reason
from slipway_operator.api.v1alpha1 import ModelDeploymentSpec
from slipway_operator.desired.services import Entry
from slipway_operator.diagnosis import Fault
from slipway_operator.strategy.observed import Abort, Facts, Observed
from slipway_operator.strategy.replicas import candidate_replicas


class Role(Enum):
    """Why a revision has a Deployment."""

    STABLE = auto()
    CANDIDATE = auto()
    PREVIOUS = auto()
    ABORTED = auto()


@dataclass(frozen=True, slots=True)
class Decision:
    """Which revision is served, which ones run, and when time alone changes that."""

    entry: Entry | None
    roles: Mapping[str, Role] = field(default_factory=dict)
    stable: str | None = None
    candidate: str | None = None
    started_at: datetime | None = None
    abort: Abort | None = None
    wake_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Situation:
    """All that a decision depends on."""

    wanted: str
    spec: ModelDeploymentSpec
    observed: Observed
    fault: Fault | None
    now: datetime

    def facts(self, revision: str) -> Facts:
        """Return a revision's facts."""
        return self.observed.facts(revision)


def decide(at: Situation) -> Decision:
    """Decide what the cluster should look like next."""
    entry = _known_entry(at)
    if at.spec.paused:
        return _hold(at, entry)
    entry = _rescued(at, entry)
    if entry is None or _nothing_stands(at, entry):
        return _first(at)
    if entry.revision == at.wanted:
        return _steady(at, entry) if entry.promoted_at else _first(at)
    return _replace(at, entry)


def _known_entry(at: Situation) -> Entry | None:
    """Return what the entry says; where it is lost, the revision that can serve most."""
    entry, known = at.observed.entry, {*at.observed.running, *at.observed.remembered}
    if entry and entry.revision in known:
        return entry
    best = _most_able(at)
    return Entry(best, promoted_at=at.now) if best else None


def _rescued(at: Situation, entry: Entry | None) -> Entry | None:
    """Turn to a revision that can serve when the entry's own serves nobody, though it should.

    So a bad stable never blocks the fix, and a new stable that breaks down gives way to the one
    that is still warm.
    """
    is_meant_to_serve = at.spec.autoscaling or at.spec.fixed_replicas
    if entry is None or not is_meant_to_serve or at.facts(entry.revision).ready:
        return entry
    best = _most_able(at)
    if best is None:
        return entry
    if entry.promoted_at is None:
        return Entry(best)
    return Entry(best, promoted_at=at.now, previous=entry.revision)


def _most_able(at: Situation) -> str | None:
    """Return the running revision that most pods could serve, the wanted one among equals."""
    able = [
        (facts.ready, name == at.wanted, name)
        for name in at.observed.running
        if (facts := at.facts(name)).ready
    ]
    return max(able)[2] if able else None


def _nothing_stands(at: Situation, entry: Entry) -> bool:
    """Tell whether the entry's revision was never promoted and serves nobody."""
    never_promoted = entry.promoted_at is None and entry.revision != at.wanted
    return never_promoted and at.facts(entry.revision).ready == 0


def _first(at: Situation) -> Decision:
    """Nothing is relied on yet: the entry selects what is wanted from the start."""
    facts = at.facts(at.wanted)
    wanted = candidate_replicas(at.spec, Facts(), facts)
    if facts.can_take_over(wanted):
        return _steady(at, Entry(at.wanted, promoted_at=at.now))
    started = facts.started_at or at.now
    return Decision(
        entry=Entry(at.wanted),
        roles={at.wanted: Role.CANDIDATE},
        candidate=at.wanted,
        started_at=started,
        wake_at=_future(started + at.spec.rollout.progress_deadline, at.now),
    )


def _steady(at: Situation, entry: Entry) -> Decision:
    """The wanted revision is the stable one; its predecessor stays warm for a while."""
    warm_until = _warm_until(at, entry)
    roles = {entry.revision: Role.STABLE}
    if warm_until and entry.previous:
        roles[entry.previous] = Role.PREVIOUS
    else:
        entry = replace(entry, previous=None)
    return Decision(entry=entry, roles=roles, stable=entry.revision, wake_at=warm_until)


def _warm_until(at: Situation, entry: Entry) -> datetime | None:
    if entry.promoted_at is None or entry.previous not in at.observed.running:
        return None
    if at.facts(entry.previous).abort:
        return None
    return _future(entry.promoted_at + at.spec.rollout.keep_stable, at.now)


def _replace(at: Situation, entry: Entry) -> Decision:
    """Another revision is wanted than the one that serves."""
    candidate = at.facts(at.wanted)
    if candidate.abort:
        return _aborted(at, entry, candidate.abort)
    if _may_promote(at, entry):
        return _steady(at, Entry(at.wanted, promoted_at=at.now, previous=entry.revision))
    started = candidate.started_at or at.now
    deadline = started + at.spec.rollout.progress_deadline
    if deadline <= at.now and at.facts(entry.revision).ready:
        return _aborted(at, entry, _abort_now(at))
    return Decision(
        entry=_beside_candidate(at, entry),
        roles={entry.revision: Role.STABLE, at.wanted: Role.CANDIDATE},
        stable=entry.revision,
        candidate=at.wanted,
        started_at=started,
        wake_at=_future(deadline, at.now),
    )


def _may_promote(at: Situation, entry: Entry) -> bool:
    stable, candidate = at.facts(entry.revision), at.facts(at.wanted)
    if entry.previous == at.wanted and candidate.ready:
        # It carried everything a moment ago with the pods it has; going back must not wait.
        return candidate.can_take_over(candidate.replicas)
    return candidate.can_take_over(candidate_replicas(at.spec, stable, candidate))


def _aborted(at: Situation, entry: Entry, abort: Abort) -> Decision:
    return Decision(
        entry=_beside_candidate(at, entry),
        roles={entry.revision: Role.STABLE, at.wanted: Role.ABORTED},
        stable=entry.revision,
        candidate=at.wanted,
        abort=abort,
    )


def _abort_now(at: Situation) -> Abort:
    if at.fault:
        return Abort(at.now, at.fault.reason, at.fault.message)
    words = "Its pods were not ready in time, and they do not say why"
    return Abort(at.now, Reason.PROGRESS_DEADLINE_EXCEEDED, words)


def _beside_candidate(at: Situation, entry: Entry) -> Entry:
    """Forget the former stable, unless it is the candidate: never more than two revisions."""
    return entry if entry.previous == at.wanted else replace(entry, previous=None)


def _hold(at: Situation, entry: Entry | None) -> Decision:
    """Paused: whatever runs is kept and healed, nothing is started, moved or removed."""
    roles = {name: _held_role(at, entry, name) for name in at.observed.running}
    if entry is None:
        return Decision(entry=None, roles=roles)
    roles.setdefault(entry.revision, Role.STABLE)
    stable = entry.revision if entry.promoted_at else None
    candidate = at.wanted if at.wanted != stable and at.wanted in roles else None
    return Decision(entry=entry, roles=roles, stable=stable, candidate=candidate)


def _held_role(at: Situation, entry: Entry | None, revision: str) -> Role:
    if at.facts(revision).abort:
        return Role.ABORTED
    if entry and revision == entry.revision:
        return Role.STABLE if entry.promoted_at else Role.CANDIDATE
    return Role.CANDIDATE if revision == at.wanted else Role.PREVIOUS


def _future(moment: datetime, now: datetime) -> datetime | None:
    return moment if moment > now else None
