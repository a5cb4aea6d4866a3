"""When a node counts as ready: a pod can be put on it now."""

from typing import Any

import pytest

from localcluster.bringup import schedulable

TAINT = {"key": "node.kubernetes.io/not-ready", "effect": "NoSchedule"}


def node(ready: str, *taints: dict[str, str]) -> dict[str, Any]:
    spec = {"taints": list(taints)} if taints else {}
    return {"spec": spec, "status": {"conditions": [{"type": "Ready", "status": ready}]}}


def test_a_ready_node_without_taints_is_schedulable() -> None:
    assert schedulable(node("True"))


@pytest.mark.parametrize(
    "unready", [None, node("False"), node("Unknown"), node("True", TAINT), {"spec": {}}]
)
def test_any_other_is_not(unready: dict[str, Any] | None) -> None:
    assert not schedulable(unready)
