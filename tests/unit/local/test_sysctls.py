"""Kernel settings: what kubelet changes is put back to what it was before the first kubelet."""

from pathlib import Path

import pytest

from localcluster import sysctls


@pytest.fixture
def proc(tmp_path: Path) -> Path:
    for name in ("vm/overcommit_memory", "kernel/panic"):
        (tmp_path / "sys" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "sys" / name).write_text("0\n")
    return tmp_path / "sys"


def test_changed_settings_are_put_back(tmp_path: Path, proc: Path) -> None:
    sysctls.remember(tmp_path / "kept", proc)
    (proc / "vm/overcommit_memory").write_text("1\n")
    sysctls.restore(tmp_path / "kept", proc)
    assert (proc / "vm/overcommit_memory").read_text() == "0"
    assert not (tmp_path / "kept").exists()


def test_what_was_remembered_first_counts(tmp_path: Path, proc: Path) -> None:
    sysctls.remember(tmp_path / "kept", proc)
    (proc / "kernel/panic").write_text("10\n")
    sysctls.remember(tmp_path / "kept", proc)
    sysctls.restore(tmp_path / "kept", proc)
    assert (proc / "kernel/panic").read_text() == "0"


def test_restoring_twice_is_no_error(tmp_path: Path, proc: Path) -> None:
    sysctls.restore(tmp_path / "kept", proc)
