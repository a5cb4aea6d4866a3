"""The cache of programs: where it is, and that a build is there completely or not at all."""

from pathlib import Path

import pytest

from localcluster import builds, pins
from localcluster.commands import Failure

BROKEN = """\
package main

func main() { undefined() }
"""


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SLIPWAY_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_the_cache_is_where_the_environment_says() -> None:
    assert builds.cache_folder({"SLIPWAY_CACHE": "/a"}) == Path("/a")
    assert builds.cache_folder({"XDG_CACHE_HOME": "/b"}) == Path("/b/slipway")
    assert builds.cache_folder({}) == Path.home() / ".cache" / "slipway"


def test_a_program_is_built_once(cache: Path, capfd: pytest.CaptureFixture[str]) -> None:
    builds.ensure(["pause"])
    assert builds.program("pause").stat().st_mode & 0o111
    assert "[1/1] pause" in capfd.readouterr().out
    builds.ensure(["pause"])
    assert capfd.readouterr().out == ""
    assert [path.name for path in cache.iterdir()] == [pins.version_key("pause")]


def test_a_failed_build_leaves_nothing_and_says_why(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "modules" / "pause"
    source.mkdir(parents=True)
    (source / "main.go").write_text(BROKEN)
    (source / "go.mod").write_text("module slipway.local/pause\n\ngo 1.26.0\n")
    monkeypatch.setattr(pins, "MODULES", tmp_path / "modules")
    pins.version_key.cache_clear()
    try:
        with pytest.raises(Failure, match=r"(?s)could not build pause.*undefined"):
            builds.ensure(["pause"])
    finally:
        pins.version_key.cache_clear()
    assert list(cache.iterdir()) == []
