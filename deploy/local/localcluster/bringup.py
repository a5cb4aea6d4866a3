"""Bringing an instance up from whatever state it is in: look at what is there, add what is missing.

A dead component is started, one that does not answer is replaced, and a cluster beyond repair is
begun afresh. Must not know how a component is configured (components.py, node.py).
"""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from localcluster import (
    addons,
    api,
    components,
    layout,
    network,
    nodeimages,
    processes,
    teardown,
)
from localcluster.commands import Failure, tail
from localcluster.components import Component
from localcluster.instance import Instance
from localcluster.progress import say, step

JUST_STARTED_S = 60.0
ALREADY_RUNNING_S = 10.0
POLL_S = 0.05


def bring_up(instance: Instance) -> None:
    """End with a cluster that works."""
    layout.refuse_twin(instance)
    record = layout.record(instance)
    if _is_of_use(instance, record):
        if record["key"] != layout.key(instance) and not unhealthy(instance):
            say("Using the cluster that runs, though this checkout would configure another: ")
            say("  take it down first if that matters")
            return
        if record["key"] == layout.key(instance) and _healed(instance):
            return
    teardown.remove(instance)
    _raise(instance)


def unhealthy(instance: Instance) -> list[str]:
    """The components that are dead or do not answer."""
    client = api.Client(instance)
    every = components.every(instance)
    return [c.name for c in every if not processes.alive(instance, c) or not _healthy(client, c)]


def keep_running(instance: Instance, component: Component) -> None:
    """See a component healthy, if need be by starting it once more."""
    client = api.Client(instance)
    for _ in range(2):
        started = _start_dead(instance, component)
        patience = JUST_STARTED_S if started else ALREADY_RUNNING_S
        if _await_health(instance, client, component, patience):
            return
        processes.stop(instance, component)
    log = instance.log(component.name)
    raise Failure(f"{component.name} does not work; {log} ends with\n{tail(log.read_text())}")


def _is_of_use(instance: Instance, record: dict[str, Any]) -> bool:
    """Whether what is there can be healed: laid out since the machine started, network intact."""
    return bool(record) and record["boot"] == layout.boot() and network.exists(instance)


def _healed(instance: Instance) -> bool:
    try:
        _raise(instance)
    except Failure as failure:
        say(f"Starting afresh, for the cluster is beyond repair: {failure}")
        return False
    return True


def _raise(instance: Instance) -> None:
    with step("network, certificates and configuration"):
        layout.lay_out(instance)
    with step("API server and container runtime"):
        for component in components.control(instance):
            _start_dead(instance, component)
        for component in components.control(instance):
            keep_running(instance, component)
    with step("node, controllers, DNS and metrics"):
        _raise_clients(instance)
        _await_node(instance)


def _raise_clients(instance: Instance) -> None:
    with ThreadPoolExecutor(8) as pool:
        jobs = [
            pool.submit(nodeimages.ensure_pause, instance),
            pool.submit(_raise_addons, instance),
            *(pool.submit(keep_running, instance, c) for c in components.clients(instance)),
        ]
        for job in jobs:
            job.result()


def _raise_addons(instance: Instance) -> None:
    addons.apply(instance)
    for component in components.addons(instance):
        _start_dead(instance, component)
    for component in components.addons(instance):
        keep_running(instance, component)


def _start_dead(instance: Instance, component: Component) -> bool:
    if processes.alive(instance, component):
        return False
    processes.start(instance, component)
    return True


def _await_health(
    instance: Instance, client: api.Client, component: Component, patience: float
) -> bool:
    def settled() -> bool:
        return _healthy(client, component) or not processes.alive(instance, component)

    return _await(settled, patience) and _healthy(client, component)


def _healthy(client: api.Client, component: Component) -> bool:
    return not component.health or client.healthy(component.health)


def _await_node(instance: Instance) -> None:
    client = api.Client(instance)
    account = "/api/v1/namespaces/default/serviceaccounts/default"

    def ready() -> bool:
        node = client.get(f"/api/v1/nodes/{instance.node}")
        return schedulable(node) and client.get(account) is not None

    if not _await(ready, JUST_STARTED_S):
        log = instance.log("kubelet")
        raise Failure(f"the node {instance.node} does not become ready: see {log}")


def schedulable(node: dict[str, Any] | None) -> bool:
    """Whether a pod can be put on a node now."""
    if not node or node["spec"].get("taints"):
        return False
    conditions = node.get("status", {}).get("conditions", [])
    return any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)


def _await(condition: Callable[[], bool], patience: float) -> bool:
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(POLL_S)
    return False
