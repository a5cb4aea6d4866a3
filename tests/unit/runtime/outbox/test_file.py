import sys
from io import BytesIO, TextIOWrapper
from pathlib import Path

import pytest

from slipway_runtime.outbox.file import RotatedFile, StandardOutput


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_lines_are_appended_to_what_is_there(tmp_path: Path) -> None:
    (tmp_path / "log").write_bytes(b"old\n")
    file = RotatedFile(tmp_path / "log", 1000)
    file.write([b"one\n", b"two\n"])
    file.close()

    assert contents(tmp_path) == {"log": b"old\none\ntwo\n"}


def test_a_file_that_would_become_too_large_is_put_aside_and_five_are_kept(tmp_path: Path) -> None:
    file = RotatedFile(tmp_path / "log", 10)
    for number in range(10):
        file.write([b"line %d\n" % number])
    file.close()

    assert contents(tmp_path) == {
        "log": b"line 9\n",
        **{f"log.{number}": b"line %d\n" % (9 - number) for number in range(1, 6)},
    }


def test_a_batch_larger_than_a_file_is_written_nevertheless(tmp_path: Path) -> None:
    file = RotatedFile(tmp_path / "log", 10)
    file.write([b"a line that is too long\n"])
    file.close()

    assert contents(tmp_path) == {"log": b"a line that is too long\n"}


def test_a_file_that_somebody_took_away_is_made_again(tmp_path: Path) -> None:
    file = RotatedFile(tmp_path / "log", 1000)
    file.write([b"one\n"])
    (tmp_path / "log").rename(tmp_path / "taken")
    file.write([b"two\n"])
    file.close()

    assert contents(tmp_path) == {"log": b"two\n", "taken": b"one\n"}


def test_a_full_disk_is_an_error() -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("only Linux has /dev/full")
    file = RotatedFile(full, 1000)
    with pytest.raises(OSError, match="No space left"):
        file.write([b"one\n"])


def test_the_standard_output_stays_open(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = BytesIO()
    monkeypatch.setattr(sys, "stdout", TextIOWrapper(raw))
    sink = StandardOutput()
    sink.write([b"one\n"])
    sink.close()
    sink.write([b"two\n"])

    assert raw.getvalue() == b"one\ntwo\n"
