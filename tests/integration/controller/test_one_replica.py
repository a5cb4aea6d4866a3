"""The operator at work on a real API server, without a single pod."""

import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from controller_testing.process import Replica
from controller_testing.samples import spec_without_pods
from slipway_testing.cluster import Cluster, Obj, obj
from slipway_testing.waiting import becomes, eventually, steadily

pytestmark = [
    pytest.mark.cluster,
    pytest.mark.xdist_group("operator"),
    pytest.mark.usefixtures("alone"),
]
KINDS = ("ControllerRevision", "Deployment", "NetworkPolicy", "PodDisruptionBudget", "Service")


class Place:
    """One ModelDeployment, what is made from it, and the operator that makes it."""

    def __init__(self, cluster: Cluster, namespace: str, replica: Replica) -> None:
        self.cluster = cluster
        self.namespace = namespace
        self.replica = replica
        self.name = f"iris-{uuid.uuid4().hex[:4]}"

    def make(self, **fields: Any) -> Obj:
        """Apply the ModelDeployment."""
        spec = spec_without_pods(**fields)
        return self.cluster.apply(obj("ModelDeployment", self.namespace, self.name, spec=spec))

    def live(self) -> Obj | None:
        """The ModelDeployment as it is stored."""
        return self.cluster.get("ModelDeployment", self.namespace, self.name)

    def is_healthy(self) -> bool:
        """Whether the whole present spec is live."""
        live = self.live()
        assert live is not None
        status = live.get("status", {})
        seen = status.get("observedGeneration") == live["metadata"]["generation"]
        return bool(seen and status.get("phase") == "Healthy")

    def children(self) -> dict[tuple[str, str], Obj]:
        """Every child, by kind and name."""
        selector = f"serving.slipway.dev/deployment={self.name}"
        return {
            (kind, child["metadata"]["name"]): child
            for kind in KINDS
            for child in self.cluster.list(kind, self.namespace, selector)
        }

    def uids(self) -> dict[tuple[str, str], str]:
        """Who they are."""
        return {key: child["metadata"]["uid"] for key, child in self.children().items()}

    def reasons(self) -> list[str]:
        """The reasons of all events about the ModelDeployment."""
        events = self.cluster.list("Event", self.namespace)
        return [e["reason"] for e in events if e["involvedObject"]["name"] == self.name]

    def delete(self, kind: str, name: str, propagation: str = "Background") -> None:
        """Delete by hand."""
        self.cluster.delete(kind, self.namespace, name, propagation=propagation)


@pytest.fixture(scope="module")
def anywhere(
    cluster: Cluster, make_namespace: Callable[[str], str], alone: None
) -> Iterator[Callable[[], Place]]:
    """One operator and its namespace, for all these tests."""
    assert alone is None
    namespace = make_namespace("one")
    replica = Replica(cluster, namespace)
    becomes(lambda: replica.asks("readyz")[0], 200, within=30)
    yield lambda: Place(cluster, namespace, replica)
    replica.kill()


@pytest.fixture
def place(anywhere: Callable[[], Place]) -> Place:
    return anywhere()


def test_users_objects_are_left_as_they_were_written(place: Place) -> None:
    written = place.make()
    becomes(place.is_healthy, True)

    live = place.live()

    assert live is not None
    assert live["spec"] == written["spec"]
    for key in ("annotations", "labels", "finalizers"):
        assert live["metadata"].get(key) == written["metadata"].get(key)


def test_at_rest_nothing_is_written(anywhere: Callable[[], Place]) -> None:
    places = [anywhere() for _ in range(10)]
    for place in places:
        place.make()
    for place in places:
        becomes(place.is_healthy, True)
    replica = places[0].replica
    before = eventually(lambda: _steady_writes(replica))

    steadily(lambda: _assert_writes(replica, before), during=5)


@pytest.mark.parametrize("kind", KINDS)
def test_a_child_deleted_by_hand_is_back_in_a_moment(place: Place, kind: str) -> None:
    place.make()
    becomes(place.is_healthy, True)
    names = [name for found, name in place.children() if found == kind]
    before = place.uids()

    for name in names:
        place.delete(kind, name)

    began = time.monotonic()
    becomes(lambda: place.uids().keys(), before.keys(), within=10)
    print(f"{kind} back after {time.monotonic() - began:.1f} s")
    assert all(place.uids()[kind, name] != before[kind, name] for name in names)
    eventually(lambda: _assert_in("Restored", place.reasons()))


def test_a_service_edited_by_hand_is_put_right_and_told_once(place: Place) -> None:
    place.make()
    becomes(place.is_healthy, True)
    before = place.children()["Service", place.name]["spec"]

    place.cluster.patch(
        "Service", place.namespace, place.name, {"spec": {"selector": {"app": "other"}}}
    )

    becomes(lambda: place.children()["Service", place.name]["spec"], before)
    eventually(lambda: _assert_in("Restored", place.reasons()))
    assert place.reasons().count("Restored") == 1


def test_children_that_were_orphaned_are_taken_back(place: Place) -> None:
    place.make()
    becomes(place.is_healthy, True)
    before = place.uids()

    def assert_as_before() -> None:
        assert place.uids() == before

    # What the garbage collector has not seen yet, it cannot orphan; it does not say what it has.
    steadily(assert_as_before, during=5)
    place.delete("ModelDeployment", place.name, propagation="Orphan")
    becomes(place.live, None)
    again = place.make()

    becomes(place.is_healthy, True)
    assert_as_before()
    for child in place.children().values():
        assert child["metadata"]["ownerReferences"][0]["uid"] == again["metadata"]["uid"]


def test_what_is_deleted_and_made_again_at_once_is_no_conflict(place: Place) -> None:
    place.make()
    becomes(place.is_healthy, True)
    before = place.uids()

    place.delete("ModelDeployment", place.name)
    place.make()

    becomes(place.is_healthy, True)
    becomes(lambda: place.uids().keys(), before.keys())
    assert "NameConflict" not in place.reasons()


def test_a_foreign_object_of_a_needed_name_is_left_alone_and_named(place: Place) -> None:
    labels = {"serving.slipway.dev/deployment": place.name}
    foreign = place.cluster.apply(
        obj(
            "Service",
            place.namespace,
            place.name,
            metadata={"labels": labels},
            spec={"ports": [{"port": 1}], "selector": {"app": "other"}},
        )
    )
    place.make()

    eventually(lambda: _assert_in("NameConflict", place.reasons()))
    now = place.cluster.get("Service", place.namespace, place.name)
    assert now is not None
    assert now["metadata"]["resourceVersion"] == foreign["metadata"]["resourceVersion"]
    place.delete("Service", place.name)

    becomes(place.is_healthy, True, within=60)


def test_a_namespace_that_ends_takes_everything_along(place: Place) -> None:
    place.make()
    becomes(place.is_healthy, True)

    place.cluster.delete("Namespace", None, place.namespace)

    becomes(lambda: place.cluster.get("Namespace", None, place.namespace), None, within=60)
    assert place.replica.asks("livez")[0] == 200
    assert place.replica.metric("slipway_operator_reconcile_errors_total") < 50


def _steady_writes(replica: Replica) -> float:
    before = replica.writes
    time.sleep(1.5)
    assert replica.writes == before, "still writing"
    return before


def _assert_writes(replica: Replica, count: float) -> None:
    assert replica.writes == count


def _assert_in(reason: str, reasons: list[str]) -> None:
    assert reason in reasons, reasons
