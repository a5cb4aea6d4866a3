"""Two replicas run, one writes: also when the leader is stopped, continued, killed or ended."""

import signal
import time
from collections.abc import Callable

import pytest

from controller_testing.process import Replica
from slipway_operator.leader import DURATION, FENCE
from slipway_testing.cluster import Cluster, Obj
from slipway_testing.waiting import becomes, eventually, steadily

pytestmark = [
    pytest.mark.cluster,
    pytest.mark.xdist_group("operator"),
    pytest.mark.usefixtures("alone"),
]
Start = Callable[[], Replica]
Make = Callable[..., Obj]

TAKEN_OVER_WITHIN = DURATION + 10.0


def test_the_one_that_stands_by_is_ready_and_writes_nothing(start: Start, make: Make) -> None:
    leader, standby = start(), start()

    make("iris")

    eventually(lambda: _assert_wrote(leader))
    assert leader.leads
    assert not standby.leads
    assert standby.writes == 0
    assert standby.asks("readyz")[0] == 200


def test_a_killed_leader_is_replaced_when_its_lease_runs_out(start: Start, make: Make) -> None:
    leader, standby = start(), start()
    leader.kill()

    becomes(lambda: standby.leads, True, within=TAKEN_OVER_WITHIN)
    make("iris")

    eventually(lambda: _assert_wrote(standby))


def test_a_leader_that_ends_gives_the_lease_back_at_once(
    start: Start, cluster: Cluster, namespace: str
) -> None:
    leader, standby = start(), start()
    began = time.monotonic()

    leader.signal(signal.SIGTERM)

    assert leader.ends(within=10) == 0
    becomes(lambda: standby.leads, True, within=DURATION - 5)
    print(f"the other led {time.monotonic() - began:.1f} s after SIGTERM")
    lease = cluster.get("Lease", namespace, "slipway-operator")
    assert lease is not None
    assert lease["spec"]["holderIdentity"] == standby.name


def test_a_leader_that_was_stopped_writes_nothing_when_it_goes_on(
    start: Start, make: Make, cluster: Cluster, namespace: str
) -> None:
    stopped, other = start(), start()
    make("iris")
    eventually(lambda: _assert_wrote(stopped))
    becomes(lambda: _is_observed(cluster, namespace, 1), True)
    before = stopped.writes

    stopped.signal(signal.SIGSTOP)
    becomes(lambda: other.leads, True, within=TAKEN_OVER_WITHIN)
    make("iris", service={"port": 8080})
    becomes(lambda: _is_observed(cluster, namespace, 2), True)
    stopped.signal(signal.SIGCONT)

    steadily(lambda: _assert_idle(stopped, before), during=5)
    assert other.leads
    assert stopped.asks("readyz")[0] == 200


def test_a_leader_that_cannot_renew_stops_before_another_may_begin(
    start: Start, cluster: Cluster, namespace: str
) -> None:
    leader = start()
    taken = {"spec": {"holderIdentity": "somebody-else", "leaseDurationSeconds": 3600}}

    cluster.patch("Lease", namespace, "slipway-operator", taken)

    becomes(lambda: leader.leads, False, within=FENCE)
    steadily(lambda: _assert_not_leading(leader), during=3)


def _assert_wrote(replica: Replica) -> None:
    assert replica.writes > 0


def _assert_idle(replica: Replica, writes: float) -> None:
    assert replica.writes == writes
    assert not replica.leads


def _assert_not_leading(replica: Replica) -> None:
    assert not replica.leads


def _is_observed(cluster: Cluster, namespace: str, generation: int) -> bool:
    live = cluster.get("ModelDeployment", namespace, "iris") or {}
    seen = live.get("status", {}).get("observedGeneration")
    return bool(seen == generation and live["status"]["phase"] == "Healthy")
