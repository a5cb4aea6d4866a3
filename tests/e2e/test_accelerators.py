"""An accelerator that is asked for: placed where it is offered, explained where it is not."""

from collections.abc import Callable, Iterator

import pytest

from slipway_testing.cluster import Cluster, Obj
from slipway_testing.scene import Model, adder
from slipway_testing.waiting import eventually

pytestmark = pytest.mark.cluster
MakeModel = Callable[[str], Model]
GPU = "nvidia.com/gpu"


@pytest.fixture
def fake_gpu(cluster: Cluster) -> Iterator[str]:
    """A node that advertises one GPU it does not have."""
    nodes = cluster.list("Node")
    name: str = next(node["metadata"]["name"] for node in nodes if not is_simulated(node))
    offer = {"status": {"capacity": {GPU: "1"}, "allocatable": {GPU: "1"}}}
    cluster.patch("Node", None, name, offer, status=True)
    yield name
    take_back = {"status": {"capacity": {GPU: None}, "allocatable": {GPU: None}}}
    cluster.patch("Node", None, name, take_back, status=True)


def is_simulated(node: Obj) -> bool:
    return "kwok.x-k8s.io/node" in node["metadata"].get("annotations", {})


def test_without_a_node_that_offers_it_the_reason_is_in_plain_words(
    make_model: MakeModel, store: str
) -> None:
    spec = adder(store, 1)
    spec["runtime"] = {**spec["runtime"], "accelerator": {"resource": GPU, "count": 1}}

    ready = make_model("gpu").apply(spec).becomes_unready("Unschedulable")

    assert GPU in ready["message"]
    assert "node" in ready["message"]


def test_where_it_is_offered_the_pod_is_placed_and_never_falls_back_to_the_cpu(
    make_model: MakeModel, store: str, fake_gpu: str
) -> None:
    spec = adder(store, 1)
    spec["runtime"] = {
        **spec["runtime"],
        "accelerator": {"resource": GPU, "count": 1},
        "placement": {
            "nodeSelector": {"kubernetes.io/hostname": fake_gpu},
            "tolerations": [{"key": GPU, "operator": "Exists", "effect": "NoSchedule"}],
        },
    }
    model = make_model("gpu").apply(spec)

    def placed() -> None:
        pods = model.pods()
        assert pods
        assert pods[0]["spec"].get("nodeName") == fake_gpu

    eventually(placed)
    (pod,) = model.pods()
    assert pod["spec"]["containers"][0]["resources"]["limits"][GPU] == "1"
    assert {"key": GPU, "operator": "Exists", "effect": "NoSchedule"} in pod["spec"]["tolerations"]
    model.becomes_unready("AcceleratorMissing")
