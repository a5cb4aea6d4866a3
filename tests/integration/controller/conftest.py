"""Operators under the test's control, and a cluster in which no other one writes."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from controller_testing.process import Replica
from controller_testing.samples import spec_without_pods
from slipway_testing.cluster import Cluster, Obj, obj
from slipway_testing.operators import NAME, NAMESPACE, no_operator
from slipway_testing.waiting import eventually


@pytest.fixture(scope="module")
def alone(cluster: Cluster) -> Iterator[None]:
    """No operator runs in the cluster, if there is one."""
    if cluster.get("Deployment", NAMESPACE, NAME) is None:
        yield
        return
    with no_operator(cluster):
        yield


@pytest.fixture
def start(cluster: Cluster, namespace: str) -> Iterator[Callable[[], Replica]]:
    """Start one more replica for the test's namespace."""
    started: list[Replica] = []

    def one_more() -> Replica:
        replica = Replica(cluster, namespace, len(started))
        started.append(replica)
        eventually(lambda: _assert_ready(replica), within=30)
        return replica

    yield one_more
    for replica in started:
        replica.kill()


@pytest.fixture
def make(cluster: Cluster, namespace: str) -> Callable[..., Obj]:
    """Apply a ModelDeployment that needs no pods: `make("iris", service={"port": 8080})`."""

    def apply(name: str, **fields: Any) -> Obj:
        spec = spec_without_pods(**fields)
        return cluster.apply(obj("ModelDeployment", namespace, name, spec=spec))

    return apply


def _assert_ready(replica: Replica) -> None:
    status, words = replica.asks("readyz")
    assert status == 200, words + replica.log[-2000:]
