"""A cluster in memory: an API server that keeps owners of fields, and the controllers behind it.

It serves the real code that writes (`apply.carry_out`), counts every write, and can die after any
of them. Time and pods move only when a test says so.
"""

import copy
import itertools
from collections.abc import Callable, Coroutine, Iterator
from datetime import datetime, timedelta
from typing import Any, TypeVar

from controller_testing.samples import DEFAULTS, NOW, OWNER
from slipway_operator.apply import Outcome, Writer, carry_out
from slipway_operator.desired.labels import MANAGER, REVISION_LABEL
from slipway_operator.desired.names import child_name
from slipway_operator.desired.services import entry_name
from slipway_operator.kube import Kube
from slipway_operator.objects import (
    AUTOSCALER,
    DEPLOYMENT,
    SERVICE,
    Kind,
    Obj,
    Owner,
    Ref,
    labels_of,
    ref_of,
)
from slipway_operator.restraint import Restraint
from slipway_operator.strategy.observed import Observed
from slipway_operator.strategy.plan import Plan, make_plan

T = TypeVar("T")
Watcher = Callable[[str, Ref, Obj | None, Obj | None], None]


class DiedError(Exception):
    """The operator was killed."""


def finish(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine that never waits."""
    try:
        coroutine.send(None)
    except StopIteration as done:
        result: T = done.value
        return result
    raise AssertionError("it waited")


class World(Kube):
    """The cluster."""

    def __init__(self, spec: Obj, owner: Owner = OWNER) -> None:
        self.owner = owner
        self.spec = spec
        self.now = NOW
        self.restraint = Restraint()
        self.objects: dict[Ref, Obj] = {}
        self.pods: dict[str, Obj] = {}
        self.writes: list[tuple[str, Ref]] = []
        self.pods_started = 0
        self.watcher: Watcher = lambda *_: None
        self._lives_for: int | None = None
        self._numbers = itertools.count(1)
        self._scaled_by_us = False

    # what the operator sees and does

    def reconcile(self, *, dies_after: int | None = None) -> Plan:
        """One look of the operator, which may die after some of its writes."""
        plan = make_plan(self.spec, self.observed(), DEFAULTS, self.now)
        self._lives_for = dies_after
        try:
            self.outcome: Outcome = finish(
                carry_out(Writer(self, self.restraint, self.now), plan, self.observed())
            )
        finally:
            self._lives_for = None
        return plan

    def observed(self) -> Observed:
        """Everything, as an observer would read it."""
        children = {ref: copy.deepcopy(obj) for ref, obj in self.objects.items()}
        pods = tuple(copy.deepcopy(pod) for pod in self.pods.values())
        return Observed(self.owner, children, pods, tuple(self._endpoint_slices()))

    async def get(self, kind: Kind, namespace: str, name: str) -> Obj | None:
        assert namespace == self.owner.namespace
        return self.objects.get(Ref(kind, name))

    async def apply(self, kind: Kind, obj: Obj, manager: str, subresource: str = "") -> Obj:
        assert not subresource
        ref = ref_of(obj)
        old = self.objects.get(ref)
        if manager == MANAGER:
            self._put(ref, self._applied(obj, old))
        else:
            assert old is not None
            self._own_replicas(old, manager)
            self._count("apply", ref, old, old)
        assert ref.kind == kind
        return self.objects[ref]

    async def delete(self, kind: Kind, namespace: str, name: str, uid: str) -> None:
        ref = Ref(kind, name)
        assert namespace == self.owner.namespace
        assert self.objects[ref]["metadata"]["uid"] == uid
        self._count("delete", ref, self.objects[ref], None)
        self.remove(ref)

    # what the cluster's controllers do

    def run_controllers(self) -> None:
        """Make as many pods as Deployments ask for, and tell their counts."""
        for deployment in self._of_kind(DEPLOYMENT):
            self._scale(deployment)
        alive = {labels_of(item)[REVISION_LABEL] for item in self._of_kind(DEPLOYMENT)}
        for name in [n for n, pod in self.pods.items() if revision_of(pod) not in alive]:
            del self.pods[name]
        for deployment in self._of_kind(DEPLOYMENT):
            self._tell_counts(deployment)

    def make_ready(self, revision: str, *, count: int | None = None) -> None:
        """Let pods of a revision become ready."""
        for pod in self._unready(revision)[:count]:
            set_ready(pod, ready=True)

    def kill_pods(self, revision: str, *, count: int | None = None) -> None:
        """End pods of a revision; their controller will make new ones."""
        names = [name for name, pod in self.pods.items() if revision_of(pod) == revision]
        for name in names[:count]:
            del self.pods[name]

    def autoscale(self, count: int) -> None:
        """Let the autoscaler, where there is one, choose a count."""
        for autoscaler in self._of_kind(AUTOSCALER):
            low, high = (autoscaler["spec"][key] for key in ("minReplicas", "maxReplicas"))
            target = Ref(DEPLOYMENT, autoscaler["spec"]["scaleTargetRef"]["name"])
            chosen = min(max(count, low), high)
            autoscaler["status"] = {"desiredReplicas": chosen}
            deployment = self.objects.get(target)
            if deployment and deployment["spec"]["replicas"] not in (0, chosen):
                deployment["spec"]["replicas"] = chosen
                deployment["metadata"]["generation"] += 1
                self._own_replicas(deployment, "horizontal-pod-autoscaler")

    def pass_time(self, seconds: float) -> None:
        """Let time pass, or jump."""
        self.now += timedelta(seconds=seconds)

    def remove(self, ref: Ref) -> None:
        """Delete a child, by whomever."""
        del self.objects[ref]

    # what tests ask

    @property
    def entry(self) -> str | None:
        """The revision that the entry Service selects."""
        service = self.objects.get(Ref(SERVICE, entry_name(self.owner)))
        selected: str | None = service["spec"]["selector"][REVISION_LABEL] if service else None
        return selected

    def ready(self, revision: str | None) -> int:
        """How many pods of a revision are ready."""
        return sum(is_ready(pod) and revision_of(pod) == revision for pod in self.pods.values())

    def deployment(self, revision: str) -> Obj | None:
        """A revision's Deployment."""
        return self.objects.get(Ref(DEPLOYMENT, child_name(self.owner.name, revision)))

    def running(self) -> dict[str, int]:
        """The pods wanted of each revision that has a Deployment."""
        return {
            labels_of(item)[REVISION_LABEL]: item["spec"]["replicas"]
            for item in self._of_kind(DEPLOYMENT)
        }

    def settle(self, *, broken: frozenset[str] = frozenset(), rounds: int = 30) -> Plan:
        """Let everything take its course until nothing is written any more."""
        for _ in range(rounds):
            self.autoscale(0)
            self.run_controllers()
            for revision in set(self.running()) - broken:
                self.make_ready(revision)
            self.run_controllers()
            before = len(self.writes)
            plan = self.reconcile()
            if len(self.writes) == before:
                return plan
        raise AssertionError(f"still writing after {rounds} looks: {self.writes[-6:]}")

    # how it is done

    def _applied(self, obj: Obj, old: Obj | None) -> Obj:
        new = copy.deepcopy(obj)
        meta = new["metadata"]
        generation = old["metadata"]["generation"] if old else 0
        if ref_of(obj).kind == DEPLOYMENT:
            new["spec"]["replicas"] = self._replicas(obj, old)
        changed = old is None or old.get("spec") != new.get("spec")
        meta["generation"] = generation + 1 if changed else generation
        meta["uid"] = old["metadata"]["uid"] if old else f"uid-{next(self._numbers)}"
        meta["managedFields"] = [
            {"manager": MANAGER, "operation": "Apply", "fieldsV1": fields_of(obj)},
            *(e for e in (old or obj)["metadata"].get("managedFields", ()) if _keeps(e, obj)),
        ]
        meta["resourceVersion"] = str(next(self._numbers))
        if old and "status" in old:
            new["status"] = old["status"]
        return new

    def _replicas(self, obj: Obj, old: Obj | None) -> int:
        """Keep the count when somebody else owns it, else fall to the default, as the API does."""
        if "replicas" in obj["spec"]:
            count: int = obj["spec"]["replicas"]
            return count
        others = list((old or {}).get("metadata", {}).get("managedFields", ()))
        owned = any("f:replicas" in e["fieldsV1"].get("f:spec", {}) for e in others[1:])
        kept: int = old["spec"]["replicas"] if old and owned else 1
        return kept

    @staticmethod
    def _own_replicas(deployment: Obj, manager: str) -> None:
        meta = deployment["metadata"]
        spec: Obj = {"f:replicas": {}}
        entry = {"manager": manager, "operation": "Apply", "fieldsV1": {"f:spec": spec}}
        first, *_ = meta["managedFields"]
        if manager == "horizontal-pod-autoscaler":
            first["fieldsV1"]["f:spec"].pop("f:replicas", None)
        meta["managedFields"] = [first, entry]

    def _put(self, ref: Ref, new: Obj) -> None:
        self._count("apply", ref, self.objects.get(ref), new)
        self.objects[ref] = new

    def _count(self, verb: str, ref: Ref, old: Obj | None, new: Obj | None) -> None:
        if self._lives_for == 0:
            raise DiedError
        if self._lives_for is not None:
            self._lives_for -= 1
        self.writes.append((verb, ref))
        self.watcher(verb, ref, old, new)

    def _of_kind(self, kind: Kind) -> list[Obj]:
        return [obj for ref, obj in self.objects.items() if ref.kind == kind]

    def _unready(self, revision: str) -> list[Obj]:
        return [p for p in self.pods.values() if revision_of(p) == revision and not is_ready(p)]

    def _scale(self, deployment: Obj) -> None:
        revision = labels_of(deployment)[REVISION_LABEL]
        have = [name for name, pod in self.pods.items() if revision_of(pod) == revision]
        for name in have[deployment["spec"]["replicas"] :]:
            del self.pods[name]
        for _ in range(deployment["spec"]["replicas"] - len(have)):
            name = f"{revision}-{next(self._numbers)}"
            labels = dict(deployment["spec"]["template"]["metadata"]["labels"])
            self.pods[name] = {"metadata": {"name": name, "labels": labels}, "spec": {}}
            self.pods_started += 1

    def _tell_counts(self, deployment: Obj) -> None:
        revision = labels_of(deployment)[REVISION_LABEL]
        have = sum(revision_of(pod) == revision for pod in self.pods.values())
        deployment["status"] = {
            "observedGeneration": deployment["metadata"]["generation"],
            "replicas": have,
            "updatedReplicas": have,
            "availableReplicas": self.ready(revision),
        }

    def _endpoint_slices(self) -> Iterator[Obj]:
        for service in self._of_kind(SERVICE):
            revision = service["spec"]["selector"][REVISION_LABEL]
            ready = {"conditions": {"ready": True}}
            labels = {"kubernetes.io/service-name": service["metadata"]["name"]}
            yield {"metadata": {"labels": labels}, "endpoints": [ready] * self.ready(revision)}


def fields_of(obj: Obj) -> Obj:
    """The fields that applying an object makes one's own, as the API server notes them."""
    content = {k: v for k, v in obj.items() if k not in ("apiVersion", "kind", "metadata")}
    meta = {k: v for k, v in obj["metadata"].items() if k not in ("name", "namespace")}
    return _fields({**content, "metadata": meta})


def _fields(value: Any) -> Obj:
    if not isinstance(value, dict):
        return {}
    return {f"f:{key}": _fields(item) for key, item in value.items()}


def _keeps(entry: Obj, obj: Obj) -> bool:
    """Tell whether another manager still owns the replicas after a forced apply."""
    return entry["manager"] != MANAGER and "replicas" not in obj.get("spec", {})


def revision_of(pod: Obj) -> str:
    """A pod's revision."""
    return labels_of(pod)[REVISION_LABEL]


def is_ready(pod: Obj) -> bool:
    """Whether a pod is ready."""
    return bool(pod.get("status"))


def set_ready(pod: Obj, *, ready: bool) -> None:
    """Make a pod ready or not."""
    pod.pop("status", None)
    if ready:
        pod["status"] = {"conditions": [{"type": "Ready", "status": "True"}]}


def at(moment: datetime) -> str:
    """A time, as annotations hold it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
