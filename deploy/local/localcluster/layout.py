"""The instance's folders and files: made before anything starts, with a record of what for.

Must not start anything.
"""

import hashlib
import json
from pathlib import Path
from typing import Any

from localcluster import (
    cgroups,
    components,
    files,
    kubeconfig,
    kwok,
    network,
    node,
    pins,
    pki,
    sysctls,
)
from localcluster.commands import Failure
from localcluster.instance import STATE, Instance, twin

SYSCTLS = STATE / "sysctls.json"


def lay_out(instance: Instance) -> None:
    """Make what is missing: folders, control groups, network, certificates, configuration."""
    for folder in (instance.state, instance.run):
        folder.mkdir(parents=True, exist_ok=True)
        folder.parent.chmod(0o700)
    for folder in (instance.pod_logs, instance.audit_log.parent, instance.log_folder):
        folder.mkdir(exist_ok=True)
    sysctls.remember(SYSCTLS)
    names = [component.name for component in components.every(instance)]
    cgroups.ensure(instance, [*names, kwok.NAME])
    network.ensure(instance)
    pki.ensure(instance)
    for path, text in configuration(instance).items():
        files.write(path, text)
    facts = {"boot": boot(), "key": key(instance), "kubernetes": pins.version("kubernetes")}
    files.write(_record_file(instance), json.dumps(facts))


def refuse_twin(instance: Instance) -> None:
    """Two names may have one number; their clusters cannot run side by side."""
    present = [entry.name for entry in STATE.iterdir() if entry.is_dir()] if STATE.is_dir() else []
    if other := twin(instance, present):
        raise Failure(
            f"the instances {instance.name} and {other} would use the same addresses: "
            f"choose another name, or take {other} down"
        )


def record(instance: Instance) -> dict[str, Any]:
    """What was laid out: for which boot of the machine, from which configuration."""
    try:
        return dict(json.loads(_record_file(instance).read_text()))
    except (FileNotFoundError, ValueError):
        return {}


def configuration(instance: Instance) -> dict[Path, str]:
    """Every configuration file of the node."""
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


def key(instance: Instance) -> str:
    """Changes with anything that would make a fresh cluster differ from one that runs."""
    built = [pins.version_key(name) for name in components.BUILDS]
    facts = (built, configuration(instance), components.every(instance))
    return hashlib.sha256(repr(facts).encode()).hexdigest()[:16]


def boot() -> str:
    """Which boot of the machine this is: no process, mount or namespace outlives it."""
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def _record_file(instance: Instance) -> Path:
    return instance.state / "cluster.json"
