"""Small files: written at once, for their owner alone, and only when they differ."""

from pathlib import Path

from localcluster import files


def test_a_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    files.write(tmp_path / "deep" / "file", "text")
    assert (tmp_path / "deep" / "file").stat().st_mode & 0o777 == 0o600


def test_an_equal_file_is_not_written_again(tmp_path: Path) -> None:
    files.write(tmp_path / "file", "text")
    before = (tmp_path / "file").stat().st_ino
    files.write(tmp_path / "file", "text")
    assert (tmp_path / "file").stat().st_ino == before


def test_a_changed_file_is_replaced_as_a_whole(tmp_path: Path) -> None:
    files.write(tmp_path / "file", "a longer text")
    files.write(tmp_path / "file", "text")
    assert (tmp_path / "file").read_text() == "text"
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_link_is_renewed(tmp_path: Path) -> None:
    files.link(tmp_path / "bin" / "tool", Path("/old"))
    files.link(tmp_path / "bin" / "tool", Path("/new"))
    assert (tmp_path / "bin" / "tool").readlink() == Path("/new")
