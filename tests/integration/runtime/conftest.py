"""The real server, a process of its own, for the tests of this folder."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from runtime_testing import models
from runtime_testing.fetching import Fetcher
from runtime_testing.serving import Server, serving

SaveModel = Callable[[str, bytes], Path]


@pytest.fixture(scope="module")
def save(tmp_path_factory: pytest.TempPathFactory) -> SaveModel:
    """Write a model to a file, by its name."""
    folder = tmp_path_factory.mktemp("models")

    def write(name: str, content: bytes) -> Path:
        path = folder / f"{name}.onnx"
        path.write_bytes(content)
        return path

    return write


@pytest.fixture(scope="module")
def adder(save: SaveModel) -> Iterator[Server]:
    """Serve SUM = A + B and DIFFERENCE = A - B."""
    with serving(save("adder", models.adder())) as server:
        yield server


@pytest.fixture
def busy(save: SaveModel) -> Iterator[Server]:
    """Serve a model that keeps a thread busy as long as the request says."""
    with serving(save("busy", models.busy()), "--drain-seconds", "6") as server:
        yield server


@pytest.fixture
def fetch(tmp_path: Path) -> Iterator[Fetcher]:
    """Run `slipway-runtime fetch` into a folder of the test's own."""
    fetcher = Fetcher(tmp_path)
    yield fetcher
    assert not list(tmp_path.glob("dest/.*")), "nothing half-done is left behind"
