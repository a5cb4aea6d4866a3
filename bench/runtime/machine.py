"""The machine that is measured on: which core serves, which one asks, and what a reader must know.

Never changes a setting of the machine.
"""

import os
import platform
import re
from dataclasses import dataclass
from pathlib import Path

_QUIET = 0.7
"""The load of a machine on which nothing but the last minute's preparations ran."""


@dataclass(frozen=True, slots=True)
class Cores:
    """One core for the server, another for whoever asks it."""

    server: int
    client: int


def choose_cores() -> Cores:
    """Take two cores that share nothing, or say why that is impossible."""
    allowed = sorted(os.sched_getaffinity(0))
    if len(allowed) < 2:
        raise SystemExit("bench-runtime needs two cores: one that serves, and one that asks")
    server = allowed[0]
    apart = [core for core in allowed[1:] if core not in _siblings(server)]
    return Cores(server, (apart or allowed[1:])[0])


def _siblings(core: int) -> set[int]:
    """Name the hardware threads of the same physical core; the kernel writes `0,4` or `0-1`."""
    try:
        text = Path(f"/sys/devices/system/cpu/cpu{core}/topology/thread_siblings_list").read_text()
    except OSError:
        return {core}
    return parse_list(text)


def parse_list(text: str) -> set[int]:
    """Read the kernel's lists of cores."""
    cores: set[int] = set()
    for part in text.strip().split(","):
        first, _, last = part.partition("-")
        cores.update(range(int(first), int(last or first) + 1))
    return cores


def describe(cores: Cores) -> str:
    """Say in one line what was measured on."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    model = re.search(r"^model name\s*: (.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    shared = ", hardware threads of one core" if cores.client in _siblings(cores.server) else ""
    return (
        f"{model[1] if model else platform.machine()}, {os.cpu_count()} cores, {memory:.0f} GiB, "
        f"Linux {platform.release()}, Python {platform.python_version()}; "
        f"servers on core {cores.server}, clients on core {cores.client}{shared}; {_business()}"
    )


def _business() -> str:
    """Say whether others use the machine: then every figure is rough."""
    load = os.getloadavg()[0]
    judged = "others used it too: the figures are rough" if load > _QUIET else "nothing else ran"
    return f"load {load:.1f} before it began, {judged}"


def stay_on(core: int) -> None:
    """Keep this process, too, off the server's core."""
    os.sched_setaffinity(0, {core})
