import hashlib
from pathlib import Path

import pytest

from slipway_runtime.errors import ModelError, Reason
from slipway_runtime.fetch.verify import PARTIAL, Budget, Sink, matches, sweep

HELLO = hashlib.sha256(b"hello").hexdigest()


def test_a_file_has_its_name_only_once_it_is_verified(tmp_path: Path) -> None:
    target = tmp_path / "model.onnx"
    with Sink(tmp_path, "model.onnx", Budget(100)) as sink:
        sink.write(b"hel")
        sink.write(b"lo")
        assert not target.exists()
        sink.complete(HELLO)
        assert not target.exists()
        sink.publish(target)

    assert target.read_bytes() == b"hello"
    assert list(tmp_path.iterdir()) == [target]


def test_another_file_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    with Sink(tmp_path, "model.onnx", Budget(100)) as sink:
        sink.write(b"hallo")
        with pytest.raises(ModelError) as caught:
            sink.complete(HELLO)

    assert caught.value.reason is Reason.CHECKSUM_MISMATCH
    assert HELLO in caught.value.message
    assert "5 bytes" in caught.value.message
    assert not list(tmp_path.iterdir())


def test_a_second_attempt_starts_from_nothing(tmp_path: Path) -> None:
    with Sink(tmp_path, "model.onnx", Budget(5)) as sink:
        sink.write(b"hexxx")
        sink.restart()
        sink.write(b"hello")
        sink.complete(HELLO)
        sink.publish(tmp_path / "model.onnx")

    assert matches(tmp_path / "model.onnx", HELLO)


def test_all_files_of_a_model_share_one_limit(tmp_path: Path) -> None:
    budget = Budget(6)
    with Sink(tmp_path, "a", budget) as sink:
        sink.write(b"hello")
    with Sink(tmp_path, "b", budget) as sink:
        sink.write(b"x")
        with pytest.raises(ModelError) as caught:
            sink.write(b"y")

    assert caught.value.reason is Reason.MODEL_TOO_LARGE
    assert "6 bytes" in caught.value.message


def test_a_size_that_is_announced_is_refused_before_it_comes(tmp_path: Path) -> None:
    with (
        pytest.raises(ModelError, match="larger than the limit"),
        Sink(tmp_path, "a", Budget(6)) as sink,
    ):
        sink.expect(7)


def test_a_name_with_folders_is_published_below_them(tmp_path: Path) -> None:
    with Sink(tmp_path, "deep/weights.bin", Budget(9)) as sink:
        sink.write(b"hello")
        sink.complete(None)
        sink.publish(tmp_path / "deep" / "weights.bin")

    assert (tmp_path / "deep" / "weights.bin").read_bytes() == b"hello"


def test_what_a_killed_attempt_left_is_removed_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / f"{PARTIAL}model.onnx").write_bytes(b"half")
    (tmp_path / "mine").write_bytes(b"x")

    sweep(tmp_path)

    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_a_leftover_is_no_obstacle_even_when_it_is_a_link(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_bytes(b"mine")
    (tmp_path / f"{PARTIAL}a").symlink_to(victim)

    with Sink(tmp_path, "a", Budget(9)) as sink:
        sink.write(b"hello")

    assert victim.read_bytes() == b"mine"


def test_a_file_matches_its_digest_and_no_other(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"hello")
    (tmp_path / "link").symlink_to(file)

    assert matches(file, HELLO)
    assert not matches(file, "0" * 64)
    assert not matches(tmp_path / "nothing", HELLO)
    assert not matches(tmp_path / "link", HELLO)
