"""The command that measures, against real servers. It must end in the time it was given."""

import subprocess
import time
from pathlib import Path

import pytest

from runtime_testing import models
from runtime_testing.serving import command, environment


def measured(path: Path, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command("bench", str(path), "--seconds", "2", *options),
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_every_figure_is_told_and_what_follows_from_them(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(models.classifier())
    started = time.monotonic()

    done = measured(path)

    assert done.returncode == 0, done.stderr
    figures = [line for line in done.stdout.splitlines() if "rows/s" in line]
    assert len(figures) == 8
    assert "64 clients, rows joined" in done.stdout
    assert "- batching" in done.stdout.partition("what follows:")[2]
    assert time.monotonic() - started < 60


def test_a_model_of_whole_tensors_is_measured_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(models.identity(shape=(3, 4)))

    done = measured(path)

    assert done.returncode == 0, done.stderr
    assert "takes one request's tensors at a time" in done.stdout


@pytest.mark.parametrize("options", [("--serve", "--queue nothing")])
def test_a_server_that_does_not_start_is_told_in_its_own_words(
    tmp_path: Path, options: tuple[str, ...]
) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(models.classifier())

    done = measured(path, *options)

    assert done.returncode == 1
    assert "'nothing' is not a whole number" in done.stderr
    assert "Traceback" not in done.stderr
