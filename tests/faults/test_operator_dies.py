"""The operator is killed or missing: users' requests never notice."""

import time
from collections.abc import Callable, Iterator

import pytest

from slipway_testing.cluster import Cluster
from slipway_testing.load import Load
from slipway_testing.operators import OperatorProcess, no_operator
from slipway_testing.scene import CHILDREN, Model, adder, adds
from slipway_testing.waiting import becomes, eventually

pytestmark = [
    pytest.mark.cluster,
    pytest.mark.alone,
    pytest.mark.usefixtures("no_operator_in_the_cluster"),
]
MakeModel = Callable[[str], Model]
StartLoad = Callable[..., Load]


@pytest.fixture(scope="module")
def no_operator_in_the_cluster(cluster: Cluster) -> Iterator[None]:
    """No operator runs in the cluster."""
    with no_operator(cluster):
        yield


@pytest.fixture
def operator(cluster: Cluster, namespace: str) -> Iterator[OperatorProcess]:
    """An operator that can be killed; not started yet."""
    process = OperatorProcess(cluster, namespace)
    yield process
    process.kill()


def test_killed_again_and_again_during_a_switch_under_load(
    operator: OperatorProcess, make_model: MakeModel, store: str, start_load: StartLoad
) -> None:
    operator.start()
    rollout = {"keepStable": "5s"}
    model = make_model("killed").apply(adder(store, 1, replicas=2, rollout=rollout))
    model.becomes_ready()
    load = start_load(model, rate=40, seconds=60)

    model.apply(adder(store, 2, replicas=2, rollout=rollout))
    for life in (1.5, 2.0, 2.5, 3.0, 4.0):
        time.sleep(life)
        operator.kill()
        operator.start()

    model.becomes_ready()
    becomes(lambda: len(model.pods()), 2)
    model.answers(adds(2))
    load.then_no_request_failed()


def test_models_serve_and_can_be_deleted_while_no_operator_lives(
    operator: OperatorProcess, cluster: Cluster, make_model: MakeModel, store: str
) -> None:
    operator.start()
    model = make_model("orphan").apply(adder(store, 1)).becomes_ready()
    operator.kill()

    model.answers(adds(1))
    (pod,) = model.pods()
    cluster.delete("Pod", model.namespace, pod["metadata"]["name"])
    eventually(lambda: model.answers(adds(1)))

    model.delete()
    for kind in CHILDREN:
        becomes(
            lambda kind=kind: cluster.list(  # type: ignore[misc]
                kind, model.namespace, "serving.slipway.dev/deployment"
            ),
            [],
        )


def test_a_model_that_lived_and_died_unseen_leaves_nothing(
    cluster: Cluster, make_model: MakeModel, store: str
) -> None:
    model = make_model("unseen").apply(adder(store, 1))

    model.delete()

    becomes(lambda: cluster.list("ModelDeployment", model.namespace), [])
    assert cluster.list("Deployment", model.namespace) == []
