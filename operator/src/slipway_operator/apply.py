"""Carries out a plan: writes what differs, in order, then deletes what must go.

Nothing is written that is already as it should be. An object of somebody else is never touched.
"""

from dataclasses import dataclass, field
from datetime import datetime

from slipway_operator.api.reasons import Reason
from slipway_operator.desired.labels import MANAGER
from slipway_operator.desired.services import entry_name
from slipway_operator.diagnosis import Fault
from slipway_operator.drift import (
    SCALE_MANAGER,
    Drift,
    drift,
    owners_without_strangers,
    replicas_to_hand_over,
    with_fingerprint,
)
from slipway_operator.kube import ForbiddenError, InvalidError, Kube
from slipway_operator.objects import DEPLOYMENT, SERVICE, Obj, Owner, Ref, ref_of
from slipway_operator.observe import stranger
from slipway_operator.restraint import Restraint
from slipway_operator.strategy.observed import Observed
from slipway_operator.strategy.plan import Plan


@dataclass(slots=True)
class Outcome:
    """What came of carrying out a plan."""

    faults: dict[Ref, Fault] = field(default_factory=dict)
    edited: list[Obj] = field(default_factory=list)
    created: list[Obj] = field(default_factory=list)
    waits_for_leftovers: bool = False
    repair_at: list[datetime] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes for one look."""

    kube: Kube
    restraint: Restraint
    now: datetime


async def carry_out(writer: Writer, plan: Plan, observed: Observed) -> Outcome:
    """Write and delete what the plan asks for; one refused object does not hold up the others."""
    outcome = Outcome()
    for obj in plan.desired:
        try:
            await _ensure(writer, obj, observed, outcome)
        except InvalidError as error:
            outcome.faults[ref_of(obj)] = _rejected(ref_of(obj), error)
        except ForbiddenError as error:
            outcome.faults[ref_of(obj)] = _forbidden(ref_of(obj), error)
    if Ref(SERVICE, entry_name(observed.owner)) in outcome.faults:
        return outcome  # the entry may still select what is no longer wanted
    for ref in plan.unwanted:
        await _remove(writer.kube, ref, observed)
    return outcome


async def _ensure(writer: Writer, obj: Obj, observed: Observed, outcome: Outcome) -> None:
    ref, kube = ref_of(obj), writer.kube
    live = observed.children.get(ref)
    why = drift(obj, live)
    if why is None:
        return
    if live is None and await _is_taken(kube, ref, observed.owner, outcome):
        return
    if why is Drift.EDITED and not _may_repair(writer, (observed.owner, ref), outcome):
        return
    if live is not None:
        await _prepare(kube, ref, obj, live)
    written = await kube.apply(ref.kind, with_fingerprint(obj), MANAGER)
    if live is None:
        outcome.created.append(written)
    elif why is Drift.EDITED:
        outcome.edited.append(live)


def _may_repair(writer: Writer, what: tuple[Owner, Ref], outcome: Outcome) -> bool:
    until = writer.restraint.wait_until(what, writer.now)
    if until:
        outcome.repair_at.append(until)
        return False
    writer.restraint.repaired(what, writer.now)
    return True


async def _is_taken(kube: Kube, ref: Ref, owner: Owner, outcome: Outcome) -> bool:
    other = await kube.get(ref.kind, owner.namespace, ref.name)
    if other is None:
        return False
    found = stranger(owner, other)
    if found.is_leftover:
        outcome.waits_for_leftovers = True
    else:
        outcome.faults[ref] = Fault(Reason.NAME_CONFLICT, found.words)
    return True


async def _prepare(kube: Kube, ref: Ref, obj: Obj, live: Obj) -> None:
    """Do what one apply cannot: take over foreign items of our lists, hand over the replicas."""
    if owners := owners_without_strangers(obj, live):
        await kube.set_owners(ref.kind, live, owners)
    if ref.kind != DEPLOYMENT:
        return
    if (count := replicas_to_hand_over(obj, live)) is not None:
        await kube.apply(ref.kind, _only_replicas(obj, count), SCALE_MANAGER)


def _only_replicas(obj: Obj, count: int) -> Obj:
    identity = {key: obj["metadata"][key] for key in ("name", "namespace")}
    return {
        "apiVersion": obj["apiVersion"],
        "kind": obj["kind"],
        "metadata": identity,
        "spec": {"replicas": count},
    }


async def _remove(kube: Kube, ref: Ref, observed: Observed) -> None:
    meta = observed.children[ref]["metadata"]
    if "deletionTimestamp" not in meta:
        await kube.delete(ref.kind, observed.owner.namespace, ref.name, meta["uid"])


def _rejected(ref: Ref, error: InvalidError) -> Fault:
    return Fault(Reason.APPLY_REJECTED, f"The API server refuses {ref}: {error}"[:1000])


def _forbidden(ref: Ref, error: ForbiddenError) -> Fault:
    words = str(error)
    reason = Reason.QUOTA_EXCEEDED if "exceeded quota" in words else Reason.FORBIDDEN
    return Fault(reason, f"{ref} may not be written: {words}"[:1000])
