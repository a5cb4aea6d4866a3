"""Control groups: the instance's own, and who is in them.

A process belongs to the instance because the kernel says so: it and all its children are in the
instance's groups, whatever crashed in between, and no recycled process id ever is. Hence there
are no pid files. Must not know what the processes do.
"""

import os
import select
import signal
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from localcluster.commands import Failure
from localcluster.instance import Instance

ROOT = Path("/sys/fs/cgroup")
PARENT = "slipway-local"
TRACKING = "pids"
CONTROLLERS = ("cpu", "cpuset", "memory", "pids")
PATIENCE_S = 10.0


def path(instance: Instance) -> str:
    """The instance's group, as kubelet wants it named."""
    return f"/{PARENT}/{instance.name}"


def component(instance: Instance, name: str, root: Path = ROOT) -> Path:
    """The group in which a component's processes are found."""
    return _hierarchy(TRACKING, root) / PARENT / instance.name / "system" / name


def is_unified(root: Path = ROOT) -> bool:
    """Whether the machine has the one hierarchy of version 2."""
    return (root / "cgroup.controllers").exists()


def missing_controllers(root: Path = ROOT) -> list[str]:
    """The controllers that a node needs and this machine does not offer."""
    if is_unified(root):
        offered = (root / "cgroup.controllers").read_text().split()
        return [name for name in CONTROLLERS if name not in offered]
    return [name for name in CONTROLLERS if not (root / name).is_dir()]


def ensure(instance: Instance, components: list[str], root: Path = ROOT) -> None:
    """Make the instance's groups: for kubelet in every hierarchy, and one for each component."""
    for hierarchy in _hierarchies(root):
        group = hierarchy
        for name in (PARENT, instance.name):
            _delegate(group, root)
            group = group / name
            group.mkdir(exist_ok=True)
            _inherit_cpuset(group)
        _delegate(group, root)
    for name in components:
        component(instance, name, root).mkdir(parents=True, exist_ok=True)


def exist(instance: Instance, root: Path = ROOT) -> bool:
    """Whether the instance has a control group on this machine."""
    return (_hierarchy(TRACKING, root) / PARENT / instance.name).is_dir()


def members(group: Path) -> list[int]:
    """The processes in a group itself."""
    try:
        return [int(pid) for pid in (group / "cgroup.procs").read_text().split()]
    except OSError:
        return []


def kill(processes: Iterable[tuple[Path, int]]) -> None:
    """Kill processes that are (still) in their groups, and see them gone."""
    handles = [handle for group, pid in processes if (handle := _killed(group, pid)) is not None]
    for handle in handles:
        select.select([handle], [], [], PATIENCE_S)
        os.close(handle)


def empty(instance: Instance, root: Path = ROOT) -> None:
    """Kill all of the instance, until nobody is left who could start another."""
    deadline = time.monotonic() + PATIENCE_S
    while left := _population(instance, root):
        kill(left)
        if time.monotonic() > deadline:
            raise Failure(f"processes that will not die: {sorted(pid for _, pid in left)}")


def remove(instance: Instance, root: Path = ROOT) -> None:
    """Remove the instance's groups, which must be empty, and the common parent if it is."""
    for hierarchy in _hierarchies(root):
        for group in _subtree(hierarchy / PARENT / instance.name):
            _remove_group(group)
        parent = hierarchy / PARENT
        if parent.is_dir() and not any(entry.is_dir() for entry in parent.iterdir()):
            _remove_group(parent)


def _killed(group: Path, pid: int) -> int | None:
    """The handle of a process that was sent its end; holding it keeps the id from being reused."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return None
    try:
        if pid in members(group):
            signal.pidfd_send_signal(handle, signal.SIGKILL)
            return handle
    except ProcessLookupError:
        pass
    os.close(handle)
    return None


def _hierarchies(root: Path) -> Iterator[Path]:
    """Every hierarchy that runc puts a container into."""
    if is_unified(root):
        yield root
        return
    seen: set[Path] = set()
    for entry in sorted(root.iterdir()):
        hierarchy = entry.resolve()
        if (hierarchy / "cgroup.procs").exists() and hierarchy not in seen:
            seen.add(hierarchy)
            yield hierarchy


def _hierarchy(controller: str, root: Path) -> Path:
    return root if is_unified(root) else root / controller


def _population(instance: Instance, root: Path) -> list[tuple[Path, int]]:
    top = _hierarchy(TRACKING, root) / PARENT / instance.name
    return [(group, pid) for group in _subtree(top) for pid in members(group)]


def _subtree(top: Path) -> list[Path]:
    """A group and all below it, the deepest first."""
    return [Path(folder) for folder, _, _ in os.walk(top, topdown=False)]


def _remove_group(group: Path) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            group.rmdir()
            return
        except FileNotFoundError:
            return
        except OSError:  # the kernel is still burying the last process
            if time.monotonic() > deadline:
                raise Failure(f"the control group {group} is still in use") from None
            time.sleep(0.02)


def _delegate(group: Path, root: Path) -> None:
    """Version 2 only: let the children of a group have its controllers."""
    if not is_unified(root):
        return
    offered = (group / "cgroup.controllers").read_text().split()
    wanted = " ".join(f"+{name}" for name in offered)
    try:
        (group / "cgroup.subtree_control").write_text(wanted)
    except OSError as error:
        raise Failure(
            f"cannot hand out controllers below {group} ({error.strerror}): inside a container, "
            "run it with its own control groups (docker run --privileged --cgroupns=host)"
        ) from None


def _inherit_cpuset(group: Path) -> None:
    """Version 1 only: a new group of the cpuset controller starts with no processor at all."""
    for name in ("cpuset.cpus", "cpuset.mems"):
        file = group / name
        if file.exists() and not file.read_text().strip() and (group.parent / name).exists():
            file.write_text((group.parent / name).read_text())
