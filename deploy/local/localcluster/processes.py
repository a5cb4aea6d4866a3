"""Starting a component in its own control group and the node's network; seeing whether it lives.

A component's process is a member of its group that runs its program; nothing else is consulted.
Must not judge whether a component does its work.
"""

import os
import subprocess
import time
from pathlib import Path

from localcluster import cgroups, network
from localcluster.components import Component
from localcluster.instance import Instance

# What a component's process runs before it runs the component.
STARTING = (Path("/bin/sh").resolve().name, "nsenter")
JOIN_POLL_S = 0.002
# The shell joins the group before it becomes the component: no moment is left in which a crash of
# ours would leave a process that nobody finds again.
JOIN = 'echo 0 > "$0/cgroup.procs" && exec "$@"'


def alive(instance: Instance, component: Component) -> list[int]:
    """The component's running processes: one when all is well, none when it is dead."""
    members = cgroups.members(cgroups.component(instance, component.name))
    running = [pid for pid in members if _program(pid) in {component.program.name, *STARTING}]
    # Between fork and exec, a child looks like its parent.
    return [pid for pid in running if _parent(pid) not in running]


def start(instance: Instance, component: Component) -> None:
    """Start a component that is not running; it outlives us."""
    group = cgroups.component(instance, component.name)
    log = instance.log(component.name)
    command = [*network.inside(instance), str(component.program), *component.arguments]
    with log.open("ab") as output:
        started = subprocess.Popen(
            ["sh", "-c", JOIN, str(group), *command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd="/",
            env={**os.environ, **dict(component.environment)},
            start_new_session=True,
        )
    while started.poll() is None and started.pid not in cgroups.members(group):
        time.sleep(JOIN_POLL_S)


def stop(instance: Instance, component: Component) -> None:
    """Kill a component's process, not its children: containers outlive the runtime's daemon."""
    group = cgroups.component(instance, component.name)
    cgroups.kill((group, pid) for pid in alive(instance, component))


def _parent(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()[1])
    except OSError:
        return 0


def _program(pid: int) -> str:
    """The name of the program a process runs, also when its file has been deleted since."""
    try:
        return Path(os.readlink(f"/proc/{pid}/exe").removesuffix(" (deleted)")).name
    except OSError:
        return ""
