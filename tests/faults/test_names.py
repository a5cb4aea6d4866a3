"""Names: what is somebody else's is never touched, and long names never collide."""

from collections.abc import Callable

import pytest

from slipway_testing.cluster import Cluster, Obj, obj
from slipway_testing.scene import Model, adder, adds
from slipway_testing.waiting import steadily

pytestmark = pytest.mark.cluster
MakeModel = Callable[[str], Model]


def test_a_foreign_service_of_the_same_name_is_never_adopted(
    cluster: Cluster, namespace: str, make_model: MakeModel, store: str
) -> None:
    foreign = cluster.apply(
        obj("Service", namespace, "taken", spec={"selector": {"app": "x"}, "ports": [{"port": 1}]})
    )

    model = make_model("taken").apply(adder(store, 1))

    ready = model.becomes_unready("NameConflict")
    assert "taken" in ready["message"]
    model.tells("NameConflict")
    steadily(lambda: _assert_untouched(cluster, foreign), during=2)


def test_a_foreign_deployment_of_the_same_name_is_never_adopted(
    cluster: Cluster, namespace: str, make_model: MakeModel, store: str
) -> None:
    name = _deployment_name(make_model("probe").apply(adder(store, 1)).becomes_ready())
    wanted = name.replace("probe", "taken", 1)
    foreign = cluster.apply(_somebody_elses_deployment(namespace, wanted))

    model = make_model("taken").apply(adder(store, 1))

    assert wanted in model.becomes_unready("NameConflict")["message"]
    model.tells("NameConflict")
    steadily(lambda: _assert_untouched(cluster, foreign), during=2)
    cluster.delete("Deployment", namespace, wanted)
    model.becomes_ready(within=90)


def test_two_long_names_that_collide_when_cut_are_served_apart(
    make_model: MakeModel, store: str
) -> None:
    stem = "a-model-with-a-name-so-long-that-no-service-could-ever-carry-it-whole"
    first = make_model(f"{stem}-one").apply(adder(store, 1))
    second = make_model(f"{stem}-two").apply(adder(store, 2))

    first.becomes_ready()
    second.becomes_ready()

    first.answers(adds(1))
    second.answers(adds(2))


@pytest.mark.parametrize("name", ["4ever", "my.model.v2"])
def test_a_name_no_service_may_have_is_served_all_the_same(
    make_model: MakeModel, store: str, name: str
) -> None:
    make_model(name).apply(adder(store, 1)).becomes_ready().answers(adds(1))


def _deployment_name(model: Model) -> str:
    (deployment,) = model.children("Deployment")
    name: str = deployment["metadata"]["name"]
    return name


def _somebody_elses_deployment(namespace: str, name: str) -> Obj:
    labels = {"app": "somebody-elses"}
    container = {"name": "c", "image": "registry.invalid/none:1"}
    return obj(
        "Deployment",
        namespace,
        name,
        spec={
            "replicas": 0,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}},
        },
    )


def _assert_untouched(cluster: Cluster, foreign: Obj) -> None:
    meta = foreign["metadata"]
    now = cluster.get(foreign["kind"], meta["namespace"], meta["name"])
    assert now is not None
    assert now["metadata"]["generation" if foreign["kind"] == "Deployment" else "uid"] == (
        meta["generation"] if foreign["kind"] == "Deployment" else meta["uid"]
    )
    assert now["spec"] == foreign["spec"]
    assert "ownerReferences" not in now["metadata"]
