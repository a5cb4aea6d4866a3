"""What is on this machine that a cluster could leave behind."""

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from localcluster import cgroups, mounts
from localcluster.instance import RUN, STATE, Instance

# What no cluster of ours may ever make, be it up or down.
NEVER = ("/run/netns", "/run/containerd", "/var/log/pods", "/usr/libexec/kubernetes", "/opt/cni")
# What the clusters of a machine share while they are up; their entries tell whose they are.
SHARED = ("/var/lib/cni/results", "/var/log/containers")


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything of one instance, and everything of the host that is nobody's in particular."""

    processes: list[str]
    mounts: list[str]
    namespaces: list[str]
    links: list[str]
    routes: list[str]
    groups: list[str]
    files: list[str]


def take(instance: Instance) -> Snapshot:
    """Look at the machine, leaving out what other clusters that run meanwhile change."""
    return Snapshot(
        processes=_processes(instance),
        mounts=[point for point in _mounts() if not _is_of_another(point, instance)],
        namespaces=_network_namespaces(instance),
        links=_lines("ip", "-oneline", "link", field=1),
        routes=_lines("ip", "route"),
        groups=_groups(instance),
        files=_files(instance),
    )


def _processes(instance: Instance) -> list[str]:
    """Whoever carries the instance's name in the command line or the control group."""
    return [p.name for p in Path("/proc").iterdir() if p.name.isdigit() and _is_of(p, instance)]


def _is_of(process: Path, instance: Instance) -> bool:
    try:
        if _is_zombie(process) or int(process.name) == os.getpid():
            return False
        command = (process / "cmdline").read_bytes().decode(errors="replace")
        group = (process / "cgroup").read_text()
    except OSError:
        return False
    return f"slipway-local/{instance.name}/" in command + group


def _is_zombie(process: Path) -> bool:
    """Dead already, and waiting only for the machine's init to take note."""
    return (process / "stat").read_text().rpartition(") ")[2].startswith("Z")


def _mounts() -> list[str]:
    return sorted(line.split()[4] for line in mounts.MOUNTINFO.read_text().splitlines())


def _is_of_another(path: str, instance: Instance) -> bool:
    tops = ((RUN, instance.run), (STATE, instance.state))
    return any(path.startswith(f"{all_}/") and not path.startswith(f"{own}/") for all_, own in tops)


def _network_namespaces(instance: Instance) -> list[str]:
    listed = subprocess.run(
        ["lsns", "--type", "net", "--json", "--output", "NS,PID"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    found = json.loads(listed)["namespaces"]
    return sorted(str(ns["ns"]) for ns in found if not _in_anothers(ns["pid"], instance))


def _in_anothers(pid: int, instance: Instance) -> bool:
    try:
        group = Path(f"/proc/{pid}/cgroup").read_text()
    except OSError:
        return True
    return f"/{cgroups.PARENT}/" in group and f"/{cgroups.PARENT}/{instance.name}/" not in group


def _lines(*command: str, field: int | None = None) -> list[str]:
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return sorted(line if field is None else line.split()[field] for line in output.splitlines())


def _groups(instance: Instance) -> list[str]:
    """In every hierarchy of version 1, or in the one of version 2."""
    own = f"{cgroups.PARENT}/{instance.name}/**"
    return [str(g) for prefix in ("", "*/") for g in cgroups.ROOT.glob(prefix + own)]


def _files(instance: Instance) -> list[str]:
    own = [Path(path) for path in (*NEVER, instance.state, instance.run)]
    entries = [entry for folder in SHARED for entry in Path(folder).glob("*")]
    return [
        *(str(path) for path in own if path.exists()),
        *(str(entry) for entry in entries if f"slipway-local/{instance.name}/" in _told_by(entry)),
    ]


def _told_by(entry: Path) -> str:
    """What an entry says of its owner."""
    try:
        return str(entry.readlink()) if entry.is_symlink() else entry.read_text()
    except OSError:
        return ""
