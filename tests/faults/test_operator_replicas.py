"""Two operators run, one leads: the other takes over, and never both."""

from collections.abc import Callable

import pytest

from slipway_testing.cluster import Cluster
from slipway_testing.operators import NAMESPACE, leader, operator_pods
from slipway_testing.scene import Model, adder
from slipway_testing.waiting import eventually

pytestmark = [pytest.mark.cluster, pytest.mark.alone]
MakeModel = Callable[[str], Model]


def test_when_the_leader_dies_the_other_replica_takes_over(
    cluster: Cluster, make_model: MakeModel, store: str
) -> None:
    first = eventually(lambda: _leading_pod(cluster))

    cluster.delete("Pod", NAMESPACE, first)

    eventually(lambda: _assert_another_leads(cluster, first))
    make_model("after").apply(adder(store, 1)).becomes_ready()


def _leading_pod(cluster: Cluster) -> str:
    holder = leader(cluster)
    names = [pod["metadata"]["name"] for pod in operator_pods(cluster)]
    assert len(names) == 2, names
    found = [name for name in names if holder.startswith(name)]
    assert found, f"{holder} leads, which is none of {names}"
    name: str = found[0]
    return name


def _assert_another_leads(cluster: Cluster, dead: str) -> None:
    holder = leader(cluster)
    assert holder
    assert not holder.startswith(dead)
