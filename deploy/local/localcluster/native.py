"""The node built from source: up, down, status, load. Root on Linux; see README.md.

`up` is level-triggered: it looks at what is there and adds what is missing. Must not know how a
component is configured (components.py, node.py) or what the network looks like (network.py).
"""

import fcntl
import hashlib
import json
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from localcluster import (
    addons,
    api,
    builds,
    cgroups,
    checkout,
    components,
    files,
    kubeconfig,
    leftovers,
    mounts,
    network,
    node,
    pins,
    pki,
    prerequisites,
    processes,
    scratch,
    sysctls,
)
from localcluster.commands import Failure, run, tail
from localcluster.components import Component
from localcluster.instance import RUN, STATE, Instance
from localcluster.progress import say, step

LOCK = Path("/run/lock/slipway-local")
SYSCTLS = STATE / "sysctls.json"
JUST_STARTED_S = 60.0
ALREADY_RUNNING_S = 10.0
POLL_S = 0.05


def up(instance: Instance) -> None:
    """Bring the cluster up, whatever state it is in."""
    began = time.monotonic()
    prerequisites.ensure()
    builds.ensure(components.BUILDS)
    with _alone():
        _bring_up(instance)
        checkout.publish(instance.name, kubeconfig.for_people(instance))
    say(f"Cluster {instance.name} is up ({time.monotonic() - began:.1f} s)")


def down(instance: Instance) -> None:
    """Take the cluster away, whatever state it is in."""
    with _alone():
        _remove(instance)
    checkout.retract(instance.name)


def is_there(instance: Instance) -> bool:
    """Whether anything of the cluster is on this machine."""
    return instance.state.exists() or instance.run.exists() or cgroups.exist(instance)


def status(instance: Instance) -> dict[str, Any]:
    """What runs and where everything is."""
    record = _record(instance)
    return {
        "name": instance.name,
        "backend": "native",
        "healthy": bool(record) and not _unhealthy(instance),
        "kubernetes": record.get("kubernetes"),
        "components": {c.name: _state(instance, c) for c in components.every(instance)},
        "kubeconfig": str(checkout.kubeconfig(instance.name)),
        "auditLog": str(instance.audit_log),
        "logs": str(instance.log("x").parent),
        "api": instance.api,
        "nodeAddress": str(instance.node_address),
        "hostAddress": str(instance.host_address),
        "nodeShell": [*network.inside(instance), "bash"],
        "ctr": _ctr(instance),
    }


def load(instance: Instance, archives: Sequence[Path]) -> None:
    """Put image archives into the node."""
    for archive in archives:
        run([*_ctr(instance), "images", "import", "--local", archive])


def has_image(instance: Instance, reference: str) -> bool:
    """Whether the node has an image."""
    return reference in run([*_ctr(instance), "images", "list", "-q"]).split()


def start_kwok(instance: Instance) -> None:
    """Start the simulator of nodes beside a cluster that is up."""
    builds.ensure(["kwok"])
    kwok = components.kwok(instance)
    with _alone():
        _keep_running(instance, api.Client(instance), kwok)


def _ctr(instance: Instance) -> list[str]:
    ctr = str(builds.program("containerd", "ctr"))
    return [ctr, "--address", str(instance.containerd), "--namespace", "k8s.io"]


@contextmanager
def _alone() -> Iterator[None]:
    """One change at a time on this machine: instances share a few kernel settings."""
    LOCK.parent.mkdir(parents=True, exist_ok=True)
    with LOCK.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _bring_up(instance: Instance) -> None:
    record = _record(instance)
    if not record or record["boot"] != _boot() or not network.exists(instance):
        _remove(instance)
        _raise(instance)
        return
    if record["key"] != _key(instance):
        if not _unhealthy(instance):
            say("Using the cluster that runs; another checkout configured it (`down` renews it)")
            return
        _remove(instance)
        _raise(instance)
        return
    try:
        _raise(instance)
    except Failure as failure:
        say(f"Starting afresh, for the cluster is beyond repair: {failure}")
        _remove(instance)
        _raise(instance)


def _raise(instance: Instance) -> None:
    with step("network, certificates and configuration"):
        _lay_out(instance)
    client = api.Client(instance)
    with step("API server and container runtime"):
        for component in components.control(instance):
            _start_dead(instance, component)
        for component in components.control(instance):
            _keep_running(instance, client, component)
    with step("node, controllers, DNS and metrics"), ThreadPoolExecutor(8) as pool:
        jobs = [pool.submit(_import_pause_image, instance), pool.submit(_add_ons, instance, client)]
        for component in components.clients(instance):
            jobs.append(pool.submit(_keep_running, instance, client, component))
        for job in jobs:
            job.result()
        _await_node(instance, client)


def _lay_out(instance: Instance) -> None:
    for folder in (instance.state, instance.run):
        folder.mkdir(parents=True, exist_ok=True)
        folder.parent.chmod(0o700)
    for folder in (instance.pod_logs, instance.audit_log.parent, instance.log("x").parent):
        folder.mkdir(exist_ok=True)
    sysctls.remember(SYSCTLS)
    cgroups.ensure(instance, [component.name for component in components.every(instance)])
    network.ensure(instance)
    pki.ensure(instance)
    for path, text in _configuration(instance).items():
        files.write(path, text)
    record = {"boot": _boot(), "key": _key(instance), "kubernetes": pins.version("kubernetes")}
    files.write(instance.state / "cluster.json", json.dumps(record))


def _configuration(instance: Instance) -> dict[Path, str]:
    texts = {
        "containerd.toml": node.containerd(instance),
        "cni/10-pods.conflist": json.dumps(node.pod_network(instance)),
        "kubelet.yaml": node.as_yaml(node.kubelet(instance)),
        "audit-policy.yaml": node.as_yaml(node.audit_policy()),
        "Corefile": components.corefile(instance),
    }
    for client in (*(client.file for client in pki.CLIENTS), "kubelet"):
        texts[f"{client}.kubeconfig"] = kubeconfig.for_component(instance, client)
    return {components.config(instance, name): text for name, text in texts.items()}


def _key(instance: Instance) -> str:
    """Changes with anything that would make a fresh cluster differ from one that runs."""
    built = [pins.version_key(name) for name in components.BUILDS]
    facts = (built, _configuration(instance), components.every(instance))
    return hashlib.sha256(repr(facts).encode()).hexdigest()[:16]


def _keep_running(instance: Instance, client: api.Client, component: Component) -> None:
    """See a component healthy, if need be by starting it once more."""
    for _ in range(2):
        started = _start_dead(instance, component)
        patience = JUST_STARTED_S if started else ALREADY_RUNNING_S
        if _await_health(instance, client, component, patience):
            return
        processes.stop(instance, component)
    log = instance.log(component.name)
    raise Failure(f"{component.name} does not work; {log} ends with\n{tail(log.read_text())}")


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


def _add_ons(instance: Instance, client: api.Client) -> None:
    addons.apply(instance)
    for component in components.addons(instance):
        _start_dead(instance, component)
    for component in components.addons(instance):
        _keep_running(instance, client, component)


def _import_pause_image(instance: Instance) -> None:
    if not has_image(instance, node.PAUSE_IMAGE):
        archive = instance.state / "pause.tar"
        scratch.write(archive, node.PAUSE_IMAGE, builds.program("pause"))
        load(instance, [archive])


def _await_node(instance: Instance, client: api.Client) -> None:
    def ready() -> bool:
        account = "/api/v1/namespaces/default/serviceaccounts/default"
        return _schedulable(client.get(f"/api/v1/nodes/{instance.node}")) and bool(
            client.get(account)
        )

    if not _await(ready, JUST_STARTED_S):
        raise Failure(f"the node {instance.node} does not become ready: see {instance.log('kubelet')}")


def _schedulable(found: dict[str, Any] | None) -> bool:
    if not found or found["spec"].get("taints"):
        return False
    conditions = found.get("status", {}).get("conditions", [])
    return any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)


def _await(condition: Callable[[], bool], patience: float) -> bool:
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(POLL_S)
    return False


def _unhealthy(instance: Instance) -> list[str]:
    client = api.Client(instance)
    every = components.every(instance)
    return [c.name for c in every if not processes.alive(instance, c) or not _healthy(client, c)]


def _state(instance: Instance, component: Component) -> dict[str, Any]:
    pids = processes.alive(instance, component)
    return {"pid": pids[0] if pids else None, "log": str(instance.log(component.name))}


def _remove(instance: Instance) -> None:
    if is_there(instance):
        with step(f"taking {instance.name} down"):
            _remove_instance(instance)
    if STATE.exists():
        _remove_shared()


def _remove_instance(instance: Instance) -> None:
    cgroups.empty(instance)
    mounts.remove((instance.run, instance.state))
    network.remove(instance)
    cgroups.remove(instance)
    leftovers.remove(instance)
    mounts.delete_tree(instance.run)
    mounts.delete_tree(instance.state)


def _remove_shared() -> None:
    """When the last instance has gone, nothing of ours stays on the machine but the cache."""
    if any(entry.is_dir() for entry in STATE.iterdir()):
        return
    sysctls.restore(SYSCTLS)
    leftovers.remove_last()
    for folder in (RUN, STATE):
        mounts.delete_tree(folder)


def _record(instance: Instance) -> dict[str, Any]:
    file = instance.state / "cluster.json"
    try:
        return dict(json.loads(file.read_text()))
    except (FileNotFoundError, ValueError):
        return {}


def _boot() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
