"""Control groups: both versions are told apart, and only members are ever killed."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from localcluster import cgroups
from localcluster.instance import Instance

INSTANCE = Instance("slipway", 0)


@pytest.fixture
def version_1(tmp_path: Path) -> Path:
    for name in (*cgroups.CONTROLLERS, "freezer"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "cgroup.procs").touch()
    for name in ("cpuset.cpus", "cpuset.mems"):
        (tmp_path / "cpuset" / name).write_text("0-1\n")
    return tmp_path


@pytest.fixture
def version_2(tmp_path: Path) -> Path:
    (tmp_path / "cgroup.controllers").write_text("cpuset cpu io memory pids\n")
    (tmp_path / "cgroup.procs").touch()
    return tmp_path


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(["sleep", "60"])
    yield process
    process.kill()
    process.wait()


def group_of(folder: Path, *pids: int) -> Path:
    (folder / "cgroup.procs").write_text("".join(f"{pid}\n" for pid in pids))
    return folder


def test_version_1_has_a_folder_each_controller(version_1: Path) -> None:
    assert not cgroups.is_unified(version_1)
    assert cgroups.missing_controllers(version_1) == []


def test_a_controller_missing_in_version_1_is_named(version_1: Path) -> None:
    (version_1 / "memory" / "cgroup.procs").unlink()
    (version_1 / "memory").rmdir()
    assert cgroups.missing_controllers(version_1) == ["memory"]


def test_a_controller_missing_in_version_2_is_named(version_2: Path) -> None:
    (version_2 / "cgroup.controllers").write_text("cpu pids\n")
    assert cgroups.missing_controllers(version_2) == ["cpuset", "memory"]


def test_version_1_gets_a_group_in_every_hierarchy(version_1: Path) -> None:
    cgroups.ensure(INSTANCE, ["etcd"], version_1)
    assert all((h / "slipway-local" / "slipway").is_dir() for h in version_1.iterdir())
    assert (version_1 / "pids" / "slipway-local" / "slipway" / "system" / "etcd").is_dir()


def test_components_are_tracked_in_one_hierarchy_only(version_1: Path) -> None:
    cgroups.ensure(INSTANCE, ["etcd"], version_1)
    assert not (version_1 / "memory" / "slipway-local" / "slipway" / "system").exists()


def test_a_hierarchy_under_two_names_is_one(version_1: Path) -> None:
    (version_1 / "cpuacct").symlink_to("cpu")
    cgroups.ensure(INSTANCE, [], version_1)
    cgroups.remove(INSTANCE, version_1)
    assert not (version_1 / "cpu" / "slipway-local").exists()


def test_removal_leaves_another_instance_alone(version_1: Path) -> None:
    other = Instance("other", 1)
    cgroups.ensure(INSTANCE, ["etcd"], version_1)
    cgroups.ensure(other, ["etcd"], version_1)
    cgroups.remove(other, version_1)
    assert cgroups.exist(INSTANCE, version_1)
    assert not cgroups.exist(other, version_1)


def test_removing_what_is_gone_is_no_error(version_1: Path) -> None:
    cgroups.remove(INSTANCE, version_1)


def test_a_member_is_killed(tmp_path: Path, sleeper: subprocess.Popen[bytes]) -> None:
    group = group_of(tmp_path, sleeper.pid)
    cgroups.kill([(group, sleeper.pid)])
    assert sleeper.wait(5) == -9


def test_a_process_outside_the_group_is_never_killed(
    tmp_path: Path, sleeper: subprocess.Popen[bytes]
) -> None:
    group = group_of(tmp_path, os.getpid())
    cgroups.kill([(group, sleeper.pid)])
    assert sleeper.poll() is None


def test_killing_one_who_is_gone_is_no_error(tmp_path: Path) -> None:
    process = subprocess.Popen(["true"])
    process.wait()
    cgroups.kill([(group_of(tmp_path, process.pid), process.pid)])


def test_a_group_that_is_gone_has_no_members(tmp_path: Path) -> None:
    assert cgroups.members(tmp_path / "gone") == []
