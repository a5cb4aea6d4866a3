"""Scratch images: an archive as Docker would save it, the same bytes each time."""

import hashlib
import json
import tarfile
from pathlib import Path

import pytest

from localcluster import scratch


@pytest.fixture
def program(tmp_path: Path) -> Path:
    path = tmp_path / "tool"
    path.write_bytes(b"\x7fELF not really")
    return path


def read(archive: Path, name: str) -> bytes:
    with tarfile.open(archive) as tar:
        member = tar.extractfile(name)
        assert member is not None
        return member.read()


def test_the_manifest_carries_the_name(tmp_path: Path, program: Path) -> None:
    scratch.write(tmp_path / "a.tar", "localhost/tool:v1", program)
    (manifest,) = json.loads(read(tmp_path / "a.tar", "manifest.json"))
    assert manifest["RepoTags"] == ["localhost/tool:v1"]


def test_the_program_runs_as_nobody_in_particular(tmp_path: Path, program: Path) -> None:
    scratch.write(tmp_path / "a.tar", "localhost/tool:v1", program)
    config = json.loads(read(tmp_path / "a.tar", "config.json"))
    assert config["config"] == {"Entrypoint": ["/tool"], "User": "65532:65532"}


def test_the_layer_is_the_one_that_the_config_names(tmp_path: Path, program: Path) -> None:
    scratch.write(tmp_path / "a.tar", "localhost/tool:v1", program)
    config = json.loads(read(tmp_path / "a.tar", "config.json"))
    digest = hashlib.sha256(read(tmp_path / "a.tar", "layer.tar")).hexdigest()
    assert config["rootfs"]["diff_ids"] == [f"sha256:{digest}"]


def test_equal_programs_give_equal_archives(tmp_path: Path, program: Path) -> None:
    scratch.write(tmp_path / "a.tar", "localhost/tool:v1", program)
    program.touch()
    scratch.write(tmp_path / "b.tar", "localhost/tool:v1", program)
    assert (tmp_path / "a.tar").read_bytes() == (tmp_path / "b.tar").read_bytes()
