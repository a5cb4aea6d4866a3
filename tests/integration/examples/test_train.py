"""The training script: what it writes is what it checks, and it finds what is wrong."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from slipway_testing.cluster import ROOT


def test_a_fresh_training_agrees_with_what_is_checked_in(examples: Path) -> None:
    done = _train(examples, "--check")

    assert done.returncode == 0, done.stderr
    assert done.stdout.count("held-out rows") == 6


def test_training_again_changes_no_file(copied: Path) -> None:
    before = _contents(copied)

    _train(copied, "diabetes", "tickets")

    assert _contents(copied) == before


def test_a_wrong_digest_is_found_and_put_right(copied: Path) -> None:
    manifest = copied / "diabetes" / "modeldeployment.yaml"
    right = manifest.read_text()
    manifest.write_text(right.replace("sha256: ", "sha256: 00"))

    checked = _train(copied, "--check", "diabetes")
    _train(copied, "diabetes")

    assert checked.returncode == 1
    assert "modeldeployment.yaml: its sha256 is not that of the model" in checked.stderr
    assert manifest.read_text() == right


def test_a_model_that_answers_otherwise_is_found(copied: Path) -> None:
    shutil.copy(copied / "iris" / "model.onnx", copied / "iris" / "model-1.1.0.onnx")

    checked = _train(copied, "--check", "iris")

    assert checked.returncode == 1
    assert "model-1.1.0.onnx" in checked.stderr
    assert "probabilities differ" in checked.stderr


def test_a_missing_model_is_named(copied: Path) -> None:
    (copied / "diabetes" / "model.onnx").unlink()

    checked = _train(copied, "--check", "diabetes")

    assert checked.returncode == 1
    assert "model.onnx is missing; write it with: train.py diabetes" in checked.stderr


def test_an_unknown_example_is_refused_with_the_known_ones(examples: Path) -> None:
    done = _train(examples, "roses")

    assert done.returncode == 2
    assert "no such example: roses; there are iris, breast-cancer" in done.stderr


@pytest.fixture
def examples() -> Path:
    return ROOT / "deploy" / "examples"


@pytest.fixture
def copied(examples: Path, tmp_path: Path) -> Path:
    """The examples, where a test may change them."""
    return shutil.copytree(examples, tmp_path / "examples")


def _train(examples: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(examples / "train.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def _contents(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}
