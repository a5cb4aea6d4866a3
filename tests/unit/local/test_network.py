"""Networks: whatever this machine routes already is not taken from it."""

import json

from localcluster.instance import Instance
from localcluster.network import conflicts

INSTANCE = Instance("slipway", 0)


def routes(*entries: dict[str, str]) -> str:
    return json.dumps(entries)


def test_an_ordinary_machine_has_no_conflict() -> None:
    table = routes(
        {"dst": "default", "gateway": "192.0.2.1", "dev": "eth0"},
        {"dst": "192.0.2.0/24", "dev": "eth0"},
        {"dst": "192.0.2.7", "dev": "eth0"},
    )
    assert conflicts(table, INSTANCE) == []


def test_a_network_that_contains_ours_is_a_conflict() -> None:
    assert conflicts(routes({"dst": "10.0.0.0/8", "dev": "tun0"}), INSTANCE) == [
        "10.0.0.0/8 on tun0"
    ]


def test_an_address_within_ours_is_a_conflict() -> None:
    assert conflicts(routes({"dst": "10.96.3.4", "dev": "tun0"}), INSTANCE) == ["10.96.3.4 on tun0"]


def test_our_own_routes_are_no_conflict() -> None:
    table = routes(
        {"dst": "10.96.0.0/16", "via": "10.200.0.2", "dev": "slipway0"},
        {"dst": "10.96.0.0/16", "type": "blackhole"},
        {"dst": "10.200.0.0/24", "dev": "slipway0"},
    )
    assert conflicts(table, INSTANCE) == []


def test_the_routes_of_another_instance_are_no_conflict() -> None:
    other = Instance("other", 3)
    assert conflicts(routes({"dst": str(other.pod_network), "dev": other.link}), INSTANCE) == []
