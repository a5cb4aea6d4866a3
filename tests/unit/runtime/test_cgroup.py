import os
from pathlib import Path

import pytest

from slipway_runtime.cgroup import Limits, limits

GIB = 2**30


@pytest.fixture
def system(tmp_path: Path) -> Path:
    return tmp_path


def write(system: Path, files: dict[str, str]) -> None:
    for name, content in files.items():
        path = system / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content + "\n")


def read(system: Path, own: str) -> Limits:
    file = system / "own"
    file.write_text(own)
    return limits(system, file)


def test_version_2_is_read_inside_a_container(system: Path) -> None:
    write(system, {"cpu.max": "150000 100000", "memory.max": str(GIB)})

    assert read(system, "0::/\n") == Limits(1.5, GIB)


def test_the_tightest_limit_of_all_parents_holds(system: Path) -> None:
    write(
        system,
        {
            "cpu.max": "max 100000",
            "pods/cpu.max": "50000 100000",
            "pods/one/cpu.max": "200000 100000",
            "pods/memory.max": "max",
            "pods/one/memory.max": str(GIB),
        },
    )

    assert read(system, "0::/pods/one\n") == Limits(0.5, GIB)


def test_version_1_is_read_with_each_controller_at_its_own_place(system: Path) -> None:
    write(
        system,
        {
            "cpu/a/cpu.cfs_quota_us": "300000",
            "cpu/a/cpu.cfs_period_us": "100000",
            "memory/b/memory.limit_in_bytes": str(GIB),
            "memory/memory.limit_in_bytes": "9223372036854771712",
        },
    )

    assert read(system, "3:cpu,cpuacct:/a\n2:memory:/b\n0::/\n") == Limits(3.0, GIB)


def test_version_1_inside_a_container_that_shows_the_hosts_path(system: Path) -> None:
    write(
        system,
        {
            "cpu/cpu.cfs_quota_us": "50000",
            "cpu/cpu.cfs_period_us": "100000",
            "memory/memory.limit_in_bytes": str(GIB),
        },
    )

    assert read(system, "3:cpu:/kubepods/x\n2:memory:/kubepods/x\n") == Limits(0.5, GIB)


@pytest.mark.parametrize("quota", ["max 100000", ""])
def test_no_limit_is_no_limit(system: Path, quota: str) -> None:
    write(system, {"cpu.max": quota, "memory.max": "max", "cpu/cpu.cfs_quota_us": "-1"})

    assert read(system, "0::/\n") == Limits(None, None)


def test_a_system_without_cgroups_has_no_limits(system: Path) -> None:
    assert limits(system, system / "nothing") == Limits(None, None)


@pytest.mark.parametrize(
    ("cpus", "threads"), [(0.1, 1), (1.0, 1), (1.5, 2), (10_000.0, None), (None, None)]
)
def test_threads_are_what_can_run_at_once(cpus: float | None, threads: int | None) -> None:
    available = len(os.sched_getaffinity(0))

    assert Limits(cpus, None).threads == min(threads or available, available)


def test_this_machine_can_be_read() -> None:
    assert limits().threads >= 1
