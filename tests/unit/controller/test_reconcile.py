"""One look: what is written, in which order, and what an interruption leaves behind."""

import asyncio
from datetime import datetime
from typing import Any

import pytest

from controller_testing.samples import DEFAULTS, OWNER, spec
from controller_testing.world import DiedError, World
from slipway_operator.api.reasons import Reason
from slipway_operator.desired.revisions import revision_name
from slipway_operator.kube import ConflictError, ForbiddenError
from slipway_operator.objects import (
    ENDPOINT_SLICE,
    EVENT,
    MODEL_DEPLOYMENT,
    POD,
    SERVICE,
    Kind,
    Obj,
    Ref,
)
from slipway_operator.queue import Key
from slipway_operator.reconcile import Reconciler

KEY = Key(OWNER.namespace, OWNER.name)
A = revision_name(spec())


class Cluster(World):
    """A world with the ModelDeployment itself and the events about it."""

    def __init__(self, raw: Obj) -> None:
        super().__init__(raw)
        self.status: Obj | None = None
        self.events: dict[str, Obj] = {}
        self.generation = 1
        self.is_deleted = False
        self.forbids_events = False
        self.order: list[str] = []
        self.reconciler = Reconciler(self, DEFAULTS, "me", clock=self._clock)

    def look(self) -> Any:
        return asyncio.run(self.reconciler.look(KEY))

    def dies_at(self, write: int) -> None:
        self._lives_for = write

    def lives(self) -> None:
        self._lives_for = None

    async def get(self, kind: Kind, namespace: str, name: str) -> Obj | None:
        if kind != MODEL_DEPLOYMENT:
            return await super().get(kind, namespace, name)
        if self.is_deleted:
            return None
        meta = {"uid": OWNER.uid, "generation": self.generation}
        status = {"status": self.status} if self.status else {}
        return {"metadata": meta, "spec": self.spec, **status}

    async def select(self, kind: Kind, namespace: str | None, selector: str = "") -> list[Obj]:
        assert (namespace, selector) == (OWNER.namespace, "serving.slipway.dev/deployment=iris")
        seen = self.observed()
        if kind == POD:
            return list(seen.pods)
        return list(seen.endpoint_slices if kind == ENDPOINT_SLICE else seen.of_kind(kind))

    async def apply(self, kind: Kind, obj: Obj, manager: str, subresource: str = "") -> Obj:
        if kind != MODEL_DEPLOYMENT:
            self.order.append(obj["kind"])
            return await super().apply(kind, obj, manager, subresource)
        assert subresource == "status"
        assert obj["metadata"]["uid"] == OWNER.uid
        self._count("apply", Ref(kind, "iris"), None, obj)
        self.order.append("status")
        self.status = obj["status"]
        found = await self.get(kind, OWNER.namespace, "iris")
        assert found is not None
        return found

    async def create(self, kind: Kind, obj: Obj) -> Obj:
        assert kind == EVENT
        if self.forbids_events:
            raise ForbiddenError("cannot create events")
        name = obj["metadata"]["name"]
        if name in self.events:
            raise ConflictError("exists")
        self._count("create", Ref(kind, name), None, obj)
        self.events[name] = obj
        return obj

    def told(self) -> list[str]:
        """The reasons of all events, in order."""
        return [event["reason"] for event in self.events.values()]

    def ready(self, revision: str | None = None) -> Any:
        if revision is not None:
            return super().ready(revision)
        assert self.status is not None
        return next(item for item in self.status["conditions"] if item["type"] == "Ready")

    def run_to_rest(self) -> None:
        for _ in range(6):
            self.look()
            self.run_controllers()
            for name in self.running():
                self.make_ready(name)
            self.run_controllers()

    def _clock(self) -> datetime:
        return self.now


@pytest.fixture
def cluster() -> Cluster:
    return Cluster(spec())


def test_the_first_thing_ever_written_is_a_status(cluster: Cluster) -> None:
    cluster.look()

    assert cluster.order[0] == "status"
    assert cluster.order[-1] == "status"
    assert "Deployment" in cluster.order


def test_at_rest_a_look_writes_nothing(cluster: Cluster) -> None:
    cluster.run_to_rest()
    before = len(cluster.writes)

    cluster.look()

    assert len(cluster.writes) == before
    assert cluster.ready()["status"] == "True"
    assert cluster.told() == ["RolloutStarted", "Promoted", "Ready"]


def test_a_deleted_object_is_left_to_the_garbage_collector(cluster: Cluster) -> None:
    cluster.is_deleted = True

    assert cluster.look() is None
    assert not cluster.writes


def test_a_spec_that_cannot_be_read_is_told_and_what_serves_is_left(cluster: Cluster) -> None:
    cluster.run_to_rest()
    good, objects = cluster.spec, dict(cluster.objects)
    cluster.spec = {"model": {"sha256": "0" * 64}}
    cluster.generation = 2

    cluster.look()

    assert cluster.ready()["reason"] == Reason.INVALID_SPEC
    assert "spec.model.uri" in cluster.ready()["message"]
    assert cluster.objects == objects
    cluster.spec, cluster.generation = good, 3
    cluster.look()
    assert cluster.ready()["status"] == "True"


def test_a_fault_of_the_operator_is_told_to_the_user(cluster: Cluster) -> None:
    cluster.run_to_rest()

    asyncio.run(cluster.reconciler.report_failure(KEY, Reason.INTERNAL_ERROR, "boom"))

    assert cluster.ready()["reason"] == Reason.INTERNAL_ERROR


def test_a_status_is_written_even_where_events_may_not_be(cluster: Cluster) -> None:
    cluster.forbids_events = True

    cluster.run_to_rest()

    assert cluster.ready()["status"] == "True"


def test_a_child_that_was_deleted_in_peace_is_told_as_restored(cluster: Cluster) -> None:
    cluster.run_to_rest()
    cluster.remove(Ref(SERVICE, f"iris-{A}"))

    cluster.look()

    assert cluster.told()[-1] == Reason.RESTORED


def test_a_look_ends_with_the_time_of_the_next_one(cluster: Cluster) -> None:
    cluster.run_to_rest()
    cluster.spec = {**cluster.spec, **spec("b"), "rollout": {"keepStable": "90s"}}

    cluster.run_to_rest()

    assert cluster.look().total_seconds() == 90


@pytest.mark.parametrize("write", range(24))
def test_dying_at_any_write_tells_nothing_twice_and_reaches_the_same_end(write: int) -> None:
    cluster = Cluster(spec())
    cluster.dies_at(write)
    for _ in range(6):
        try:
            cluster.look()
        except DiedError:
            cluster.lives()
        cluster.run_controllers()
        for name in cluster.running():
            cluster.make_ready(name)
        cluster.run_controllers()

    cluster.run_to_rest()

    # A rollout that ended while nobody looked is told by its end alone.
    assert cluster.told()[-2:] == ["Promoted", "Ready"]
    assert cluster.told()[:-2] in ([], ["RolloutStarted"])
    assert cluster.status is not None
    assert [item["outcome"] for item in cluster.status["history"]] == ["Promoted"]
