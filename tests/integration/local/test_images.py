"""The images as built: small, for any user but root, and with nothing of this machine in them."""

import json
import tarfile
from pathlib import Path
from typing import Any

import pytest

from localcluster import buildah, images
from localcluster.images import Image

MOST_ADDED = 200_000_000


@pytest.fixture(params=images.OURS, ids=lambda image: image.name)
def image(request: pytest.FixtureRequest) -> Image:
    found: Image = request.param
    return found


@pytest.fixture
def archive(able_machine: None, image: Image) -> Path:  # noqa: ARG001 (skips)
    return buildah.archive(image, images.reference(image, buildah.BASE))


def read(archive: Path, name: str) -> Any:
    with tarfile.open(archive) as tar:
        member = tar.extractfile(name)
        assert member is not None
        return json.load(member)


def config(archive: Path) -> dict[str, Any]:
    found: dict[str, Any] = read(archive, read(archive, "manifest.json")[0]["Config"])
    return found


def added_paths(archive: Path) -> set[str]:
    """What lies in the layers above the base."""
    _, *layers = read(archive, "manifest.json")[0]["Layers"]
    paths: set[str] = set()
    with tarfile.open(archive) as tar:
        for layer in layers:
            content = tar.extractfile(layer)
            assert content is not None
            with tarfile.open(fileobj=content) as inner:
                paths.update(m.name for m in inner.getmembers() if not m.isdir())
    return paths


def test_an_image_adds_at_most_two_hundred_megabytes_to_its_base(archive: Path) -> None:
    size = buildah.size(archive)
    assert 0 < size.total - size.base <= MOST_ADDED


def test_an_image_adds_nothing_outside_its_own_folder(archive: Path) -> None:
    assert {path for path in added_paths(archive) if not path.startswith("opt/slipway/")} == set()


def test_an_image_runs_its_program_as_an_unprivileged_user(archive: Path, image: Image) -> None:
    found = config(archive)["config"]
    assert found["User"] == "65532:65532"
    program = ["/opt/slipway/bin/python", "-m", f"slipway_{image.name}"]
    assert found["Entrypoint"] == program


def test_an_image_remembers_no_setting_of_this_machine(archive: Path) -> None:
    found = config(archive)
    told = json.dumps([found["config"], found["history"]])
    for word in ("PROXY", "proxy", "PIP_", "index-url", "SSL_CERT", "ca-certificates"):
        assert word not in told


def test_every_module_is_compiled_ahead(archive: Path, image: Image) -> None:
    paths = added_paths(archive)
    sources = f"opt/slipway/src/slipway_{image.name}/__init__"
    assert f"{sources}.py" in paths
    assert any(path.endswith("__init__.cpython-313.pyc") and "/src/" in path for path in paths)
