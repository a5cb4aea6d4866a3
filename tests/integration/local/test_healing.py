"""`up` ends with a cluster that works, whatever was there before."""

import signal
import time

import pytest

from localcluster import builds, components
from localcluster_testing.node import Node

NAMES = (
    "etcd",
    "kube-apiserver",
    "containerd",
    "kubelet",
    "kube-proxy",
    "kube-controller-manager",
    "kube-scheduler",
    "coredns",
    "metrics-server",
)
WARM_S = 20.0
PAUSE = {"name": "pause", "image": "localhost/pause:v0", "imagePullPolicy": "Never"}


def pod(name: str) -> dict[str, object]:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name},
        "spec": {"containers": [PAUSE], "terminationGracePeriodSeconds": 0},
    }


def assert_works(node: Node, name: str) -> None:
    assert node.status()["healthy"]
    node.apply(pod(name))
    node.kubectl("wait", "--for=condition=Ready", f"pod/{name}", "--timeout=30s")


@pytest.mark.xdist_group("second-cluster")
@pytest.mark.cluster
def test_a_warm_start_takes_less_than_twenty_seconds(fresh_machine: Node) -> None:
    builds.ensure(components.BUILDS)
    began = time.monotonic()
    fresh_machine.tell("up")
    assert time.monotonic() - began < WARM_S
    assert_works(fresh_machine, "first")


@pytest.mark.xdist_group("second-cluster")
@pytest.mark.cluster
def test_a_second_up_changes_nothing(node: Node) -> None:
    before = node.pids(), node.kubectl("get", "all,endpointslices,apiservices", "-A", "-o", "json")
    node.tell("up")
    after = node.pids(), node.kubectl("get", "all,endpointslices,apiservices", "-A", "-o", "json")
    assert after == before


@pytest.mark.xdist_group("second-cluster")
@pytest.mark.cluster
@pytest.mark.parametrize("name", NAMES)
def test_a_killed_component_is_started_again_and_no_other(node: Node, name: str) -> None:
    before = node.pids()
    node.send(signal.SIGKILL, name)
    node.tell("up")
    after = node.pids()
    assert {changed for changed in before if after[changed] != before[changed]} == {name}
    assert node.status()["healthy"]


@pytest.mark.xdist_group("second-cluster")
@pytest.mark.cluster
def test_pods_outlive_every_component(node: Node) -> None:
    node.apply(pod("survivor"))
    node.kubectl("wait", "--for=condition=Ready", "pod/survivor", "--timeout=30s")
    node.send(signal.SIGKILL)
    node.tell("up")
    assert_works(node, "successor")
    template = "{.status.containerStatuses[0].restartCount}"
    assert node.kubectl("get", "pod", "survivor", "-o", f"jsonpath={template}") == "0"


@pytest.mark.xdist_group("second-cluster")
@pytest.mark.cluster
def test_a_component_that_hangs_is_replaced(node: Node) -> None:
    before = node.pids()["kube-scheduler"]
    node.send(signal.SIGSTOP, "kube-scheduler")
    node.tell("up")
    assert node.pids()["kube-scheduler"] != before
    assert_works(node, "scheduled")


@pytest.mark.xdist_group("second-cluster")
@pytest.mark.cluster
def test_a_cluster_without_its_data_is_begun_afresh(node: Node) -> None:
    before = node.kubectl("get", "namespace", "default", "-o", "jsonpath={.metadata.uid}")
    (node.instance.state / "cluster.json").unlink()
    node.tell("up")
    assert node.kubectl("get", "namespace", "default", "-o", "jsonpath={.metadata.uid}") != before
    assert_works(node, "afresh")


@pytest.mark.xdist_group("second-cluster")
@pytest.mark.cluster
@pytest.mark.parametrize("seconds", [0.3, 1.5])
def test_an_up_that_was_killed_is_continued(fresh_machine: Node, seconds: float) -> None:
    fresh_machine.tell("down")
    interrupted = fresh_machine.begin("up")
    time.sleep(seconds)
    interrupted.kill()
    interrupted.wait()
    fresh_machine.tell("up")
    assert_works(fresh_machine, "continued")
