"""kwok beside the cluster: fake nodes are ready, their heartbeats kept up, and pods on them run."""

import json

import pytest

from localcluster_testing.node import Node, eventually

FAKE = {
    "apiVersion": "v1",
    "kind": "Node",
    "metadata": {"name": "fake-1", "annotations": {"kwok.x-k8s.io/node": "fake"}},
    "spec": {"taints": [{"key": "fake", "effect": "NoSchedule"}]},
    "status": {"allocatable": {"cpu": "32", "memory": "64Gi", "pods": "100"}},
}
POD = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "ghost"},
    "spec": {
        "nodeName": "fake-1",
        "tolerations": [{"operator": "Exists"}],
        "containers": [{"name": "main", "image": "localhost/none:1"}],
    },
}


def is_ready(node: Node, kind: str, name: str) -> bool:
    answer = node.ask("get", kind, name, "-o", "json")
    if answer.returncode != 0:
        return False
    conditions = json.loads(answer.stdout)["status"].get("conditions", [])
    return any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)


@pytest.mark.xdist_group("second-cluster")
@pytest.mark.cluster
def test_fake_nodes_are_ready_and_run_pods(node: Node) -> None:
    node.tell("up", "--kwok")
    node.apply(FAKE)
    assert eventually(lambda: is_ready(node, "node", "fake-1"), 20)
    assert node.kubectl("get", "lease", "fake-1", "-n", "kube-node-lease", "-o", "name")
    node.apply(POD)
    assert eventually(lambda: is_ready(node, "pod", "ghost"), 20)
    assert is_ready(node, "node", node.instance.node)
