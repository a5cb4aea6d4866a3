"""What a machine must have before a node can run on it, said in one line when it has not.

Must not change the machine, but for Debian packages, which packages.py installs.
"""

import os
import sys
from dataclasses import dataclass
from pathlib import Path

from localcluster import builds, cgroups, components, golang, packages
from localcluster.commands import Failure, succeeds

ELSE = "or start Docker (kind is used then), or name any cluster: CLUSTER=external KUBECONFIG=..."


@dataclass(frozen=True, slots=True)
class Facts:
    """What matters about a machine before anything is installed on it."""

    platform: str
    root: bool
    builds: bool
    go: str
    foreign_kubelet: int | None
    missing_controllers: tuple[str, ...]


def problems(facts: Facts) -> list[str]:
    """Each thing that is missing, with what to do."""
    if facts.platform != "linux":
        return [f"a node needs Linux, this is {facts.platform}"]
    found = []
    if not facts.root:
        found.append("a node needs root: use sudo")
    if facts.builds and (problem := golang.problem(facts.go)):
        found.append(problem)
    if facts.foreign_kubelet is not None:
        found.append(
            f"another kubelet runs here (process {facts.foreign_kubelet}): use its cluster"
        )
    if facts.missing_controllers:
        names = ", ".join(facts.missing_controllers)
        found.append(f"the kernel offers no control group for {names}: enable them at boot")
    return found


def ensure() -> None:
    """Install what can be installed; say in one line what cannot."""
    if found := problems(facts()):
        raise Failure(f"{'; '.join(found)}; {ELSE}")
    packages.install(packages.missing_for_node())
    if missing := _missing_kernel_features():
        raise Failure(f"this kernel lacks {', '.join(missing)}: load or enable it, {ELSE}")


def facts() -> Facts:
    """Look at this machine."""
    return Facts(
        platform=sys.platform,
        root=os.geteuid() == 0,
        builds=bool(builds.missing(components.BUILDS)),
        go=golang.version(),
        foreign_kubelet=_foreign_kubelet(),
        missing_controllers=tuple(cgroups.missing_controllers()),
    )


def _foreign_kubelet() -> int | None:
    """A kubelet that is not ours: two of them would fight for the same sockets."""
    for process in Path("/proc").iterdir():
        if process.name.isdigit() and _runs_kubelet(process) and not _is_ours(process):
            return int(process.name)
    return None


def _runs_kubelet(process: Path) -> bool:
    try:
        return (process / "exe").readlink().name == "kubelet"
    except OSError:
        return False


def _is_ours(process: Path) -> bool:
    try:
        return f"/{cgroups.PARENT}/" in (process / "cgroup").read_text()
    except OSError:
        return True  # it has ended meanwhile


def _missing_kernel_features() -> list[str]:
    probes = {
        "overlayfs": _has_overlay(),
        "veth": succeeds(["unshare", "--net", "ip", "link", "add", "probe0", "type", "veth"]),
        "nftables": succeeds(["unshare", "--net", "nft", "add", "table", "ip", "probe"]),
    }
    return [feature for feature, present in probes.items() if not present]


def _has_overlay() -> bool:
    def listed() -> bool:
        return "\toverlay\n" in Path("/proc/filesystems").read_text()

    return listed() or (succeeds(["modprobe", "overlay"]) and listed())
