"""Fixtures every test on a cluster shares. Nothing here touches a cluster until a test asks."""

import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator

import pytest

from slipway_testing import models
from slipway_testing.cluster import ROOT, Cluster, Obj, current_cluster, obj
from slipway_testing.load import Load
from slipway_testing.scene import Model
from slipway_testing.store import open_store

ARTIFACTS = [
    models.adding(0),
    models.adding(1),
    models.adding(2),
    models.adding(3),
    models.escaping(),
    models.pickled(),
    models.swelling(2),
    models.truncated(),
]


@pytest.hookimpl(tryfirst=True)  # xdist reads the groups in the same hook
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Side by side, a file's tests stay together, and so do those that name what they share."""
    for item in items:
        if item.get_closest_marker("xdist_group") is None:
            item.add_marker(pytest.mark.xdist_group(item.nodeid.partition("::")[0]))


@pytest.fixture(scope="session")
def cluster() -> Cluster:
    """The current cluster."""
    return current_cluster()


@pytest.fixture(scope="session")
def make_namespace(cluster: Cluster) -> Iterator[Callable[[str], str]]:
    """Namespaces that enforce the restricted Pod Security Standard, deleted in the end."""
    made = []

    def make(prefix: str) -> str:
        name = f"{prefix}-{uuid.uuid4().hex[:6]}"
        labels = {"pod-security.kubernetes.io/enforce": "restricted"}
        cluster.apply(obj("Namespace", None, name, metadata={"labels": labels}))
        made.append(name)
        return name

    yield make
    for name in made:
        cluster.delete("Namespace", None, name)


@pytest.fixture
def namespace(cluster: Cluster, make_namespace: Callable[[str], str]) -> Iterator[str]:
    """A namespace for one test; its models are gone before the next test begins."""
    name = make_namespace("test")
    yield name
    cluster.delete("Namespace", None, name)


@pytest.fixture(scope="session")
def store(cluster: Cluster, make_namespace: Callable[[str], str]) -> str:
    """The address of a model store in the cluster that holds ARTIFACTS."""
    return open_store(cluster, make_namespace("store"), ARTIFACTS)


@pytest.fixture
def make_model(cluster: Cluster, namespace: str) -> Callable[[str], Model]:
    """A ModelDeployment in the test's namespace, by name; nothing is applied yet."""
    return lambda name: Model(cluster, namespace, name)


@pytest.fixture
def start_load() -> Callable[..., Load]:
    """Users at work on a model: `start_load(model, rate=40, seconds=30)`."""
    return Load


@pytest.fixture(scope="session")
def fake_node(cluster: Cluster) -> Iterator[Obj]:
    """A node of kwok's, where pods are ready at once and run nothing; yields the placement."""
    simulate = [sys.executable, "-m", "localcluster", "up", "--kwok"]
    subprocess.run(simulate, cwd=ROOT, check=True, capture_output=True, timeout=600)
    name, key = f"fake-{uuid.uuid4().hex[:6]}", "slipway-test/fake"
    capacity = {"cpu": "1000", "memory": "1000Gi", "pods": "2000"}
    cluster.apply(
        obj(
            "Node",
            None,
            name,
            metadata={"annotations": {"kwok.x-k8s.io/node": "fake"}, "labels": {key: name}},
            spec={"taints": [{"key": key, "effect": "NoSchedule"}]},
            status={"capacity": capacity, "allocatable": capacity},
        )
    )
    yield {
        "nodeSelector": {key: name},
        "tolerations": [{"key": key, "operator": "Exists", "effect": "NoSchedule"}],
    }
    cluster.delete("Node", None, name)
