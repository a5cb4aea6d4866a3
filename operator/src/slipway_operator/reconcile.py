"""One look at one ModelDeployment: observe, plan, apply, report. It asks only what is.

It may be interrupted at any line and repeated at any time. Every retry belongs to the queue.
"""

import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from pydantic import ValidationError

from slipway_operator.api import API_VERSION, KIND
from slipway_operator.api.reasons import Reason
from slipway_operator.api.status import ModelDeploymentStatus
from slipway_operator.api.v1alpha1 import ModelDeploymentSpec
from slipway_operator.apply import Outcome, Writer, carry_out
from slipway_operator.desired.labels import MANAGER
from slipway_operator.desired.revisions import Defaults
from slipway_operator.diagnosis import Fault
from slipway_operator.events import Told, build_event, restored, transitions
from slipway_operator.kube import ConflictError, ForbiddenError, Kube
from slipway_operator.objects import EVENT, MODEL_DEPLOYMENT, Obj, Owner
from slipway_operator.observe import observe
from slipway_operator.queue import Key
from slipway_operator.restraint import Restraint
from slipway_operator.status import failed_status, first_status, next_status, to_wire
from slipway_operator.strategy.plan import Plan, make_plan
from slipway_operator.verdict import View

# A refused write shows in no watch when its cause goes away.
_LOOK_AGAIN_AFTER_REFUSAL: Final = timedelta(seconds=30)
_LOOK_AGAIN_FOR_LEFTOVERS: Final = timedelta(seconds=1)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Reconciler:
    """Brings ModelDeployments about, one look at a time."""

    kube: Kube
    defaults: Defaults
    reporter: str
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    restraint: Restraint = field(default_factory=Restraint)

    async def look(self, key: Key) -> timedelta | None:
        """Look at one ModelDeployment; return when time alone will change something."""
        resource = await self.kube.get(MODEL_DEPLOYMENT, key.namespace, key.name)
        if resource is None or "deletionTimestamp" in resource["metadata"]:
            return None
        owner = Owner(key.namespace, key.name, resource["metadata"]["uid"])
        try:
            spec = ModelDeploymentSpec.model_validate(resource["spec"])
        except ValidationError as error:
            await self._refuse(owner, resource, error)
            return None
        if not resource.get("status"):
            generation = resource["metadata"]["generation"]
            resource = await self._write(owner, to_wire(first_status(generation, self._now())))
        return await self._bring_about(owner, resource, spec)

    async def _bring_about(
        self, owner: Owner, resource: Obj, spec: ModelDeploymentSpec
    ) -> timedelta | None:
        observed = await observe(self.kube, owner)
        now = self._now()
        plan = make_plan(resource["spec"], observed, self.defaults, now)
        outcome = await carry_out(Writer(self.kube, self.restraint, now), plan, observed)
        generation = resource["metadata"]["generation"]
        old = _status_of(resource)
        view = View(generation, old, spec, observed, plan, outcome.faults, now)
        await self._tell(owner, _put_right(outcome, old, generation))
        await self._report(owner, resource, next_status(view))
        return _pause(plan, outcome, now)

    async def _refuse(self, owner: Owner, resource: Obj, error: ValidationError) -> None:
        words = "; ".join(
            f"spec.{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors()
        )
        fault = Fault(Reason.INVALID_SPEC, words[:1000])
        generation = resource["metadata"]["generation"]
        status = failed_status(_status_of(resource), fault, generation, self._now())
        await self._report(owner, resource, status)

    async def report_failure(self, key: Key, reason: Reason, words: str) -> None:
        """Say in the status that a look failed."""
        resource = await self.kube.get(MODEL_DEPLOYMENT, key.namespace, key.name)
        if resource is None or "deletionTimestamp" in resource["metadata"]:
            return
        owner = Owner(key.namespace, key.name, resource["metadata"]["uid"])
        generation = resource["metadata"]["generation"]
        fault = Fault(reason, words[:1000])
        status = failed_status(_status_of(resource), fault, generation, self._now())
        await self._report(owner, resource, status)

    async def _report(self, owner: Owner, resource: Obj, status: ModelDeploymentStatus) -> None:
        await self._tell(owner, transitions(_status_of(resource), status))
        wire = to_wire(status)
        if wire != resource.get("status"):
            await self._write(owner, wire)

    async def _tell(self, owner: Owner, events: Iterable[Told]) -> None:
        for told in events:
            log.info("%s/%s %s: %s", owner.namespace, owner.name, told.reason, told.note)
            try:
                await self.kube.create(EVENT, build_event(owner, told, self.reporter, self._now()))
            except ConflictError:
                continue  # told already, before a crash
            except ForbiddenError as error:
                log.warning("the event cannot be recorded: %s", error)

    async def _write(self, owner: Owner, status: Obj) -> Obj:
        body = {
            "apiVersion": API_VERSION,
            "kind": KIND,
            "metadata": {"name": owner.name, "namespace": owner.namespace, "uid": owner.uid},
            "status": status,
        }
        return await self.kube.apply(MODEL_DEPLOYMENT, body, MANAGER, "status")

    def _now(self) -> datetime:
        return self.clock().replace(microsecond=0)


def _put_right(outcome: Outcome, old: ModelDeploymentStatus, generation: int) -> Iterator[Told]:
    """Return the children that others had changed or, since all was well, deleted."""
    yield from (restored(child, "changed by someone else") for child in outcome.edited)
    was_complete = any(item.type == "Ready" and item.status == "True" for item in old.conditions)
    if was_complete and old.observed_generation == generation:
        yield from (restored(child, "deleted by someone else") for child in outcome.created)


def _status_of(resource: Obj) -> ModelDeploymentStatus:
    try:
        return ModelDeploymentStatus.model_validate(resource.get("status") or {})
    except ValidationError:
        return ModelDeploymentStatus()  # written by hand or by a newer operator: start afresh


def _pause(plan: Plan, outcome: Outcome, now: datetime) -> timedelta | None:
    times = list(outcome.repair_at)
    if plan.decision.wake_at:
        times.append(plan.decision.wake_at)
    if outcome.faults:
        times.append(now + _LOOK_AGAIN_AFTER_REFUSAL)
    if outcome.waits_for_leftovers:
        times.append(now + _LOOK_AGAIN_FOR_LEFTOVERS)
    return min(times) - now if times else None
