"""Autoscaling on a real metrics-server: the HPA owns the replicas, and CPU means CPU."""

from collections.abc import Callable

import pytest

from slipway_testing.cluster import Obj
from slipway_testing.scene import Model, adder, adds
from slipway_testing.waiting import becomes, eventually

pytestmark = pytest.mark.cluster
MakeModel = Callable[[str], Model]


def autoscaled(store: str, target: int) -> Obj:
    metrics = [{"type": "CPU", "target": target}]
    scaling = {"minReplicas": 1, "maxReplicas": 2, "metrics": metrics}
    spec = adder(store, 1, autoscaling=scaling)
    spec["runtime"]["resources"]["requests"]["cpu"] = "100m"
    return spec


def test_load_adds_a_pod_and_the_operator_leaves_the_count_alone(
    make_model: MakeModel, store: str, start_load: Callable[..., object]
) -> None:
    model = make_model("busy").apply(autoscaled(store, 10)).becomes_ready()

    start_load(model, rate=100, seconds=60)

    becomes(lambda: _replicas(model), 2, within=120)
    (deployment,) = model.children("Deployment")
    assert "f:replicas" not in _owned_spec(deployment, "slipway")
    becomes(lambda: model.status.get("replicas"), 2)


def test_turning_autoscaling_on_and_off_never_drops_a_pod(
    make_model: MakeModel, store: str
) -> None:
    model = make_model("calm").apply(adder(store, 1, replicas=2)).becomes_ready()
    pods = model.pod_uids()
    on = autoscaled(store, 90)
    on["runtime"] = adder(store, 1)["runtime"]
    on["autoscaling"]["minReplicas"] = 2

    model.apply(on)
    eventually(lambda: _assert_one(model.children("HorizontalPodAutoscaler")))
    model.becomes_ready()
    assert model.pod_uids() == pods

    model.apply(adder(store, 1, replicas=2))
    becomes(lambda: model.children("HorizontalPodAutoscaler"), [])
    model.becomes_ready()
    assert model.pod_uids() == pods
    model.answers(adds(1))


def _replicas(model: Model) -> int:
    (deployment,) = model.children("Deployment")
    count: int = deployment["spec"]["replicas"]
    return count


def _owned_spec(child: Obj, manager: str) -> Obj:
    owned: Obj = next(
        entry["fieldsV1"]["f:spec"]
        for entry in child["metadata"]["managedFields"]
        if entry["manager"] == manager and entry["operation"] == "Apply"
    )
    return owned


def _assert_one(found: list[Obj]) -> None:
    assert len(found) == 1
