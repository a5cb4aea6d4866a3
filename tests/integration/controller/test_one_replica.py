"""The operator at work on a real API server, without a single pod."""

import time
from collections.abc import Callable

import pytest

from controller_testing.process import Replica
from slipway_testing.cluster import Cluster, Obj, obj
from slipway_testing.waiting import becomes, eventually, steadily

pytestmark = [pytest.mark.cluster, pytest.mark.alone, pytest.mark.usefixtures("alone")]
Start = Callable[[], Replica]
Make = Callable[..., Obj]

KINDS = ("ControllerRevision", "Deployment", "NetworkPolicy", "PodDisruptionBudget", "Service")


class Place:
    """What is in the test's namespace."""

    def __init__(self, cluster: Cluster, namespace: str) -> None:
        self.cluster = cluster
        self.namespace = namespace

    def children(self) -> dict[tuple[str, str], Obj]:
        """Every child, by kind and name."""
        return {
            (kind, child["metadata"]["name"]): child
            for kind in KINDS
            for child in self.cluster.list(kind, self.namespace, "serving.slipway.dev/deployment")
        }

    def uids(self) -> dict[tuple[str, str], str]:
        """Who they are."""
        return {key: child["metadata"]["uid"] for key, child in self.children().items()}

    def is_healthy(self, name: str = "iris") -> bool:
        """Whether the whole present spec is live."""
        live = self.cluster.get("ModelDeployment", self.namespace, name)
        assert live is not None
        status = live.get("status", {})
        seen = status.get("observedGeneration") == live["metadata"]["generation"]
        return bool(seen and status.get("phase") == "Healthy")

    def reasons(self) -> list[str]:
        """The reasons of all events about ModelDeployments."""
        events = self.cluster.list("Event", self.namespace)
        return [e["reason"] for e in events if e["involvedObject"]["kind"] == "ModelDeployment"]

    def delete(self, kind: str, name: str, propagation: str = "Background") -> None:
        """Delete by hand."""
        self.cluster.delete(kind, self.namespace, name, propagation=propagation)


@pytest.fixture
def place(cluster: Cluster, namespace: str) -> Place:
    return Place(cluster, namespace)


def test_users_objects_are_left_as_they_were_written(
    start: Start, make: Make, place: Place
) -> None:
    start()
    written = make("iris")
    becomes(place.is_healthy, True)

    live = place.cluster.get("ModelDeployment", place.namespace, "iris")

    assert live is not None
    assert live["spec"] == written["spec"]
    for key in ("annotations", "labels", "finalizers"):
        assert live["metadata"].get(key) == written["metadata"].get(key)


def test_at_rest_nothing_is_written(start: Start, make: Make, place: Place) -> None:
    replica = start()
    for number in range(10):
        make(f"iris-{number}")
    for number in range(10):
        becomes(lambda number=number: place.is_healthy(f"iris-{number}"), True)  # type: ignore[misc]
    before = eventually(lambda: _steady_writes(replica))

    steadily(lambda: _assert_writes(replica, before), during=5)


@pytest.mark.parametrize("kind", KINDS)
def test_a_child_deleted_by_hand_is_back_in_a_moment(
    start: Start, make: Make, place: Place, kind: str
) -> None:
    start()
    make("iris")
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


def test_a_service_edited_by_hand_is_put_right_and_told_once(
    start: Start, make: Make, place: Place
) -> None:
    start()
    make("iris")
    becomes(place.is_healthy, True)
    before = place.children()["Service", "iris"]["spec"]

    place.cluster.patch(
        "Service", place.namespace, "iris", {"spec": {"selector": {"app": "other"}}}
    )

    becomes(lambda: place.children()["Service", "iris"]["spec"], before)
    eventually(lambda: _assert_in("Restored", place.reasons()))
    assert place.reasons().count("Restored") == 1


def test_children_that_were_orphaned_are_taken_back(start: Start, make: Make, place: Place) -> None:
    start()
    make("iris")
    becomes(place.is_healthy, True)
    before = place.uids()

    place.delete("ModelDeployment", "iris", propagation="Orphan")
    becomes(lambda: place.cluster.get("ModelDeployment", place.namespace, "iris"), None)
    again = make("iris")

    becomes(place.is_healthy, True)
    assert place.uids() == before
    for child in place.children().values():
        assert child["metadata"]["ownerReferences"][0]["uid"] == again["metadata"]["uid"]


def test_what_is_deleted_and_made_again_at_once_is_no_conflict(
    start: Start, make: Make, place: Place
) -> None:
    start()
    make("iris")
    becomes(place.is_healthy, True)
    before = place.uids()

    place.delete("ModelDeployment", "iris")
    make("iris")

    becomes(place.is_healthy, True)
    becomes(lambda: place.uids().keys(), before.keys())
    assert "NameConflict" not in place.reasons()


def test_a_foreign_object_of_a_needed_name_is_left_alone_and_named(
    start: Start, make: Make, place: Place
) -> None:
    labels = {"serving.slipway.dev/deployment": "iris"}
    foreign = place.cluster.apply(
        obj(
            "Service",
            place.namespace,
            "iris",
            metadata={"labels": labels},
            spec={"ports": [{"port": 1}], "selector": {"app": "other"}},
        )
    )
    start()
    make("iris")

    eventually(lambda: _assert_in("NameConflict", place.reasons()))
    now = place.cluster.get("Service", place.namespace, "iris")
    assert now is not None
    assert now["metadata"]["resourceVersion"] == foreign["metadata"]["resourceVersion"]
    place.delete("Service", "iris")

    becomes(place.is_healthy, True, within=60)


def test_a_namespace_that_ends_takes_everything_along(
    start: Start, make: Make, place: Place
) -> None:
    replica = start()
    make("iris")
    becomes(place.is_healthy, True)

    place.cluster.delete("Namespace", None, place.namespace)

    becomes(lambda: place.cluster.get("Namespace", None, place.namespace), None, within=60)
    assert replica.asks("livez")[0] == 200
    assert replica.metric("slipway_operator_reconcile_errors_total") < 10


def _steady_writes(replica: Replica) -> float:
    before = replica.writes
    time.sleep(1.5)
    assert replica.writes == before, "still writing"
    return before


def _assert_writes(replica: Replica, count: float) -> None:
    assert replica.writes == count


def _assert_in(reason: str, reasons: list[str]) -> None:
    assert reason in reasons, reasons
