"""`down` leaves nothing on the machine: no process, mount, namespace, link, route or file."""

import os
import signal
import time
from dataclasses import asdict

import pytest

from localcluster import cgroups
from localcluster_testing.node import Node
from localcluster_testing.snapshot import Snapshot, take

CONTAINER = {"name": "pause", "image": "localhost/pause:v0", "imagePullPolicy": "Never"}
POD = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "inhabitant"},
    "spec": {
        "containers": [{**CONTAINER, "volumeMounts": [{"name": "scratch", "mountPath": "/s"}]}],
        "volumes": [{"name": "scratch", "emptyDir": {"medium": "Memory"}}],
    },
}


def look(node: Node) -> Snapshot:
    return take(node.instance)


def assert_as_before(node: Node, before: Snapshot) -> None:
    now = asdict(look(node))
    left = {kind: set(now[kind]) - set(entries) for kind, entries in asdict(before).items()}
    assert not any(left.values()), left


@pytest.fixture
def before(fresh_machine: Node) -> Snapshot:
    fresh_machine.tell("down")
    snapshot = look(fresh_machine)
    assert not snapshot.processes
    assert not snapshot.groups
    return snapshot


@pytest.fixture
def inhabited(before: Snapshot, fresh_machine: Node) -> Node:
    fresh_machine.tell("up")
    fresh_machine.apply(POD)
    fresh_machine.kubectl("wait", "--for=condition=Ready", "pod/inhabitant", "--timeout=30s")
    during = look(fresh_machine)
    assert during.processes
    assert during.mounts != before.mounts
    assert during.groups
    assert during.routes != before.routes
    return fresh_machine


@pytest.mark.xdist_group("second-cluster")
@pytest.mark.cluster
def test_nothing_is_left_of_a_cluster_with_pods(inhabited: Node, before: Snapshot) -> None:
    inhabited.tell("down")
    assert_as_before(inhabited, before)


@pytest.mark.xdist_group("second-cluster")
@pytest.mark.cluster
def test_nothing_is_left_after_everything_has_crashed(inhabited: Node, before: Snapshot) -> None:
    shims = cgroups.members(cgroups.component(inhabited.instance, "containerd"))
    inhabited.send(signal.SIGKILL)
    for pid in set(shims) & set(map(int, look(inhabited).processes)):
        os.kill(pid, signal.SIGKILL)
    inhabited.tell("down")
    assert_as_before(inhabited, before)


@pytest.mark.xdist_group("second-cluster")
@pytest.mark.cluster
def test_a_down_that_was_killed_is_finished(inhabited: Node, before: Snapshot) -> None:
    interrupted = inhabited.begin("down")
    time.sleep(0.2)
    interrupted.kill()
    interrupted.wait()
    inhabited.tell("down")
    assert_as_before(inhabited, before)


@pytest.mark.xdist_group("second-cluster")
@pytest.mark.cluster
@pytest.mark.parametrize("seconds", [0.3, 2.5])
def test_nothing_is_left_of_an_up_that_was_killed(
    fresh_machine: Node, before: Snapshot, seconds: float
) -> None:
    interrupted = fresh_machine.begin("up")
    time.sleep(seconds)
    interrupted.kill()
    interrupted.wait()
    fresh_machine.tell("down")
    assert_as_before(fresh_machine, before)


@pytest.mark.xdist_group("second-cluster")
@pytest.mark.cluster
def test_taking_down_what_is_not_there_is_no_error(fresh_machine: Node, before: Snapshot) -> None:
    fresh_machine.tell("down")
    assert_as_before(fresh_machine, before)
