"""The node's processes and files: what others rely on is in them."""

import json
from pathlib import Path

import pytest
import yaml

from localcluster import addons, components, kwok, layout, node, pins
from localcluster.instance import Instance, named

INSTANCE = named("slipway")
OTHER = named("slipway-selftest")


def arguments(name: str, instance: Instance = INSTANCE) -> list[str]:
    (found,) = [c for c in components.every(instance) if c.name == name]
    return list(found.arguments)


def test_every_component_runs_a_program_that_is_built() -> None:
    built = {pins.version_key(name) for name in components.BUILDS}
    assert {c.program.parent.name for c in components.every(INSTANCE)} <= built


def test_all_but_the_store_can_be_asked_for_their_health() -> None:
    silent = [c.name for c in components.every(INSTANCE) if not c.health]
    assert silent == ["etcd"]  # the API server's own answer covers it


def test_every_request_to_the_api_server_is_written_down() -> None:
    assert f"--audit-log-path={INSTANCE.audit_log}" in arguments("kube-apiserver")
    assert node.audit_policy()["rules"] == [{"level": "Metadata"}]


def test_the_autoscaler_looks_every_five_seconds() -> None:
    wanted = "--horizontal-pod-autoscaler-sync-period=5s"
    assert wanted in arguments("kube-controller-manager")


@pytest.mark.parametrize("name", ["kube-controller-manager", "kube-scheduler"])
def test_nobody_is_throttled(name: str) -> None:
    assert "--kube-api-qps=1000" in arguments(name)


def test_no_admission_plugin_is_switched_off() -> None:
    assert not any("disable-admission" in word for word in arguments("kube-apiserver"))


def test_limits_are_enforced_below_the_instances_own_group() -> None:
    config = node.kubelet(INSTANCE)
    assert config["cgroupRoot"] == "/slipway-local/slipway"
    assert config["cgroupsPerQOS"] is True
    assert config.get("cpuCFSQuota", True) is True


def test_two_instances_share_no_path_and_no_address() -> None:
    texts = [str(components.every(i)) + str(layout.configuration(i)) for i in (INSTANCE, OTHER)]
    assert "slipway-local/slipway/" not in texts[1]
    assert str(INSTANCE.node_address) not in texts[1]
    assert str(OTHER.node_address) not in texts[0]


def test_pods_have_no_way_out_but_through_the_node() -> None:
    network = node.pod_network(INSTANCE)
    assert network["plugins"][0]["ipMasq"] is False


def test_dns_answers_for_no_other_name() -> None:
    corefile = node.corefile(INSTANCE, "/kubeconfig", 8181)
    assert "forward" not in corefile
    assert "rcode NXDOMAIN" in corefile


def test_the_addons_name_this_instances_node() -> None:
    objects = list(yaml.safe_load_all(addons.rendered(OTHER, b"authority")))
    slices = [o for o in objects if o["kind"] == "EndpointSlice"]
    assert len(slices) == 2
    assert all(s["endpoints"] == [{"addresses": [str(OTHER.node_address)]}] for s in slices)


def test_kwok_leaves_the_real_node_alone() -> None:
    assert "--manage-all-nodes=false" in kwok.component(INSTANCE).arguments


def test_the_record_of_an_instance_that_is_not_there_is_empty(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("localcluster.instance.STATE", tmp_path)
    assert layout.record(INSTANCE) == {}


def test_a_torn_record_counts_as_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("localcluster.instance.STATE", tmp_path)
    INSTANCE.state.mkdir()
    (INSTANCE.state / "cluster.json").write_text(json.dumps({"boot": "x"})[:-3])
    assert layout.record(INSTANCE) == {}
