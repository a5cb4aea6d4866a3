"""How much CPU and memory this container may use, from cgroup v2 or v1.

Reads files only. A limit is what holds at this process's cgroup or any of its parents.
"""

import math
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_SYSTEM = Path("/sys/fs/cgroup")
_SELF = Path("/proc/self/cgroup")
_UNLIMITED = 1 << 60
"""cgroup v1 writes a number of this order where there is no limit."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The quota in CPUs and the memory in bytes; None where nothing limits it."""

    cpus: float | None
    memory: int | None

    @property
    def threads(self) -> int:
        """How many threads can really run at once."""
        available = len(os.sched_getaffinity(0))
        return available if self.cpus is None else max(1, min(available, math.ceil(self.cpus)))


def limits(system: Path = _SYSTEM, own: Path = _SELF) -> Limits:
    """Read the limits of this process."""
    try:
        lines = own.read_text().splitlines()
    except OSError:
        return Limits(None, None)
    paths = {}
    for line in lines:
        _, controllers, path = line.split(":", 2)
        paths.update(dict.fromkeys(controllers.split(","), path))
    quotas = [*_unified_quotas(system, paths), *_legacy_quotas(system, paths)]
    sizes = [*_unified_sizes(system, paths), *_legacy_sizes(system, paths)]
    return Limits(min(quotas, default=None), min(sizes, default=None))


def _ancestry(root: Path, path: str) -> Iterator[Path]:
    """Yield the cgroup's folder and its parents; in a container only the root is visible."""
    folder = root / path.lstrip("/")
    while folder != root and folder.is_relative_to(root):
        yield folder
        folder = folder.parent
    yield root


def _read(file: Path) -> list[str]:
    try:
        return file.read_text().split()
    except OSError:
        return []


def _unified_quotas(system: Path, paths: dict[str, str]) -> Iterator[float]:
    for folder in _ancestry(system, paths.get("", "/")):
        match _read(folder / "cpu.max"):
            case [quota, period] if quota != "max":
                yield int(quota) / int(period)


def _unified_sizes(system: Path, paths: dict[str, str]) -> Iterator[int]:
    for folder in _ancestry(system, paths.get("", "/")):
        match _read(folder / "memory.max"):
            case [size] if size != "max":
                yield int(size)


def _legacy_quotas(system: Path, paths: dict[str, str]) -> Iterator[float]:
    for folder in _ancestry(system / "cpu", paths.get("cpu", "/")):
        match _read(folder / "cpu.cfs_quota_us"), _read(folder / "cpu.cfs_period_us"):
            case [quota], [period] if int(quota) > 0:
                yield int(quota) / int(period)


def _legacy_sizes(system: Path, paths: dict[str, str]) -> Iterator[int]:
    for folder in _ancestry(system / "memory", paths.get("memory", "/")):
        match _read(folder / "memory.limit_in_bytes"):
            case [size] if int(size) < _UNLIMITED:
                yield int(size)
