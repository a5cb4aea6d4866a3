"""The demo as a command: its help, and what it says where something is missing."""

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console

from deploy.demo.kubectl import DemoError, Kubectl
from deploy.demo.screen import Screen
from deploy.demo.users import Users

ROOT = Path(__file__).parents[3]


def test_help_says_what_it_needs_and_what_it_leaves() -> None:
    done = _demo("--help")

    assert done.returncode == 0
    assert "make demo" in done.stdout
    assert "slipway-examples" in done.stdout


def test_without_slipway_it_says_what_to_do(no_cluster: str) -> None:
    done = _demo(PATH=no_cluster)

    assert done.returncode == 1
    assert "no Slipway in this cluster (`make deploy` installs it)" in done.stdout
    assert "connection refused" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


def test_a_failing_kubectl_is_told_with_its_own_words(
    no_cluster: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", no_cluster)

    with pytest.raises(DemoError, match=r"`kubectl -n x get pods` failed: connection refused"):
        Kubectl("x")("get", "pods")


@pytest.fixture
def no_cluster(tmp_path: Path) -> str:
    """A PATH with a kubectl that reaches no cluster."""
    kubectl = tmp_path / "kubectl"
    kubectl.write_text("#!/bin/sh\necho connection refused >&2\nexit 1\n")
    kubectl.chmod(0o755)
    return f"{tmp_path}{os.pathsep}{os.environ['PATH']}"


def test_users_are_read_line_by_line_and_strange_lines_are_passed_over() -> None:
    counts = '"ok": 9, "failed": 1, "by_version": {"1.0.0": 10}, "p50_ms": 1.5, "p99_ms": null'
    users = Users(Kubectl("x"))

    users.read(iter([f'{{"second": 1, {counts}}}', "warning: ", f'{{"summary": true, {counts}}}']))

    assert [second.ok for second in users.seconds] == [9]
    assert users.summary is not None
    assert users.summary["failed"] == 1


def test_where_there_is_no_terminal_only_what_changed_is_printed() -> None:
    written = io.StringIO()
    screen = Screen(Console(file=written, width=80))

    with screen.live() as update:
        for line in ("one", "one", "two"):
            update("a picture", line)

    assert written.getvalue().split() == ["one", "two"]


def _demo(*options: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "deploy.demo", *options],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
