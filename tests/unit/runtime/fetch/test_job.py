import hashlib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from runtime_testing import models
from slipway_runtime.errors import ModelError, Reason
from slipway_runtime.fetch.job import Order, fetch

MODEL = models.classifier()
SPLIT = models.outside("weights/w.bin")
PINNED = "oci://registry.example/iris@sha256:" + "0" * 64


@pytest.fixture
def volume(tmp_path: Path) -> Path:
    folder = tmp_path / "volume"
    folder.mkdir()
    return folder


@pytest.fixture
def dest(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "dest"
    yield folder
    assert not list(folder.glob(".*")), "nothing half-done is left behind"


def write(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def order(
    volume: Path, dest: Path, uri: str, content: bytes | None = None, limit: int = 10**6
) -> Order:
    digest = None if content is None else hashlib.sha256(content).hexdigest()
    return Order(uri, digest, limit, volume, dest)


def failure(request: Order, environment: Mapping[str, str] | None = None) -> ModelError:
    with pytest.raises(ModelError) as caught:
        fetch(request, environment or {})
    assert not (request.dest / "model.onnx").exists()
    return caught.value


def test_a_model_in_a_volume_is_copied_and_verified(volume: Path, dest: Path) -> None:
    write(volume / "iris" / "1.onnx", MODEL)

    fetch(order(volume, dest, "pvc://claim/iris/1.onnx", MODEL), {})

    assert (dest / "model.onnx").read_bytes() == MODEL
    assert (dest / "model.onnx").stat().st_mode & 0o777 == 0o644


def test_fetching_again_is_the_same_as_fetching_once(volume: Path, dest: Path) -> None:
    write(volume / "m.onnx", MODEL)

    for _ in range(2):
        fetch(order(volume, dest, "pvc://claim/m.onnx", MODEL), {})

    assert [path.name for path in dest.iterdir()] == ["model.onnx"]


def test_a_failure_leaves_what_was_there(volume: Path, dest: Path) -> None:
    write(dest / "model.onnx", b"mine")
    write(volume / "m.onnx", b"other")

    with pytest.raises(ModelError):
        fetch(order(volume, dest, "pvc://claim/m.onnx", MODEL), {})

    assert (dest / "model.onnx").read_bytes() == b"mine"


def test_an_image_with_one_model_needs_no_path(volume: Path, dest: Path) -> None:
    write(volume / "deep" / "inside" / "iris.onnx", MODEL)
    write(volume / "README.md", b"hello")

    fetch(order(volume, dest, PINNED), {})

    assert (dest / "model.onnx").read_bytes() == MODEL


def test_an_image_with_several_models_needs_a_path(volume: Path, dest: Path) -> None:
    write(volume / "a.onnx", MODEL)
    write(volume / "b.onnx", MODEL)

    error = failure(order(volume, dest, PINNED))

    assert error.reason is Reason.MODEL_NOT_FOUND
    assert "a.onnx, b.onnx" in error.message
    fetch(order(volume, dest, PINNED + "#b.onnx"), {})


def test_an_image_without_a_model_has_none(volume: Path, dest: Path) -> None:
    assert failure(order(volume, dest, PINNED)).reason is Reason.MODEL_NOT_FOUND


def test_weights_beside_the_model_come_along(volume: Path, dest: Path) -> None:
    write(volume / "m" / "any.onnx", SPLIT)
    write(volume / "m" / "weights" / "w.bin", models.WEIGHTS)

    fetch(order(volume, dest, "pvc://claim/m/any.onnx", SPLIT), {})

    assert (dest / "weights" / "w.bin").read_bytes() == models.WEIGHTS


def test_the_limit_holds_for_model_and_weights_together(volume: Path, dest: Path) -> None:
    write(volume / "any.onnx", SPLIT)
    write(volume / "weights" / "w.bin", models.WEIGHTS)
    request = order(volume, dest, "pvc://claim/any.onnx", SPLIT, limit=len(SPLIT) + 15)

    assert failure(request).reason is Reason.MODEL_TOO_LARGE


@pytest.mark.parametrize("location", ["../outside.bin", "/etc/passwd", "missing.bin", "model.onnx"])
def test_weights_that_are_no_plain_file_beside_the_model_are_refused(
    volume: Path, dest: Path, location: str
) -> None:
    content = models.outside(location)
    write(volume / "m" / "any.onnx", content)
    write(volume / "outside.bin", models.WEIGHTS)
    write(volume / "m" / "model.onnx", models.WEIGHTS)

    error = failure(order(volume, dest, "pvc://claim/m/any.onnx", content))

    assert error.reason is Reason.FORMAT_REJECTED


def test_weights_behind_a_link_are_refused(volume: Path, dest: Path) -> None:
    write(volume / "any.onnx", SPLIT)
    (volume / "weights").mkdir()
    (volume / "weights" / "w.bin").symlink_to("/etc/passwd")

    error = failure(order(volume, dest, "pvc://claim/any.onnx", SPLIT))

    assert "symbolic link" in error.message


def test_a_link_is_followed_inside_the_volume_and_never_out_of_it(
    volume: Path, dest: Path, tmp_path: Path
) -> None:
    write(volume / "blobs" / "abc", MODEL)
    (volume / "m.onnx").symlink_to("blobs/abc")
    write(tmp_path / "secret", MODEL)
    (volume / "out.onnx").symlink_to("../secret")
    (volume / "folder").symlink_to("..")

    for uri in ("pvc://claim/out.onnx", "pvc://claim/folder/secret"):
        assert failure(order(volume, dest, uri, MODEL)).reason is Reason.SOURCE_REFUSED
    fetch(order(volume, dest, "pvc://claim/m.onnx", MODEL), {})


def test_a_pipe_is_no_model_and_nobody_waits_for_it(volume: Path, dest: Path) -> None:
    os.mkfifo(volume / "m.onnx")
    (volume / "d.onnx").mkdir()

    assert "not a regular file" in failure(order(volume, dest, "pvc://c/m.onnx", MODEL)).message
    assert failure(order(volume, dest, "pvc://c/d.onnx", MODEL)).message


@pytest.mark.parametrize(
    ("content", "meant", "reason", "words"),
    [
        (MODEL, b"another", Reason.CHECKSUM_MISMATCH, "sha256"),
        (MODEL[:100], MODEL[:100], Reason.FORMAT_REJECTED, "truncated"),
        (b"\x80\x04\x95...", b"\x80\x04\x95...", Reason.FORMAT_REJECTED, "pickle"),
        (b"\x80\x04\x95...", MODEL, Reason.CHECKSUM_MISMATCH, "sha256"),
        (None, MODEL, Reason.MODEL_NOT_FOUND, "no file m.onnx"),
    ],
)
def test_what_is_wrong_is_named(
    volume: Path, dest: Path, content: bytes | None, meant: bytes, reason: Reason, words: str
) -> None:
    if content is not None:
        write(volume / "m.onnx", content)

    error = failure(order(volume, dest, "pvc://claim/m.onnx", meant))

    assert error.reason is reason
    assert words in error.message


def test_a_digest_is_required_unless_the_image_is_pinned(volume: Path, dest: Path) -> None:
    for uri in ("pvc://claim/m.onnx", "https://a.example/m.onnx", "oci://r.example/iris:latest"):
        error = failure(order(volume, dest, uri))
        assert error.reason is Reason.SOURCE_REFUSED
        assert "sha256 is required" in error.message


def test_a_source_that_is_not_allowed_is_not_even_looked_at(volume: Path, dest: Path) -> None:
    request = order(volume, dest, "pvc://claim/m.onnx", MODEL)

    error = failure(request, {"SLIPWAY_ALLOWED_SOURCES": "https://models.example"})

    assert error.reason is Reason.SOURCE_REFUSED
    assert "pvc://claim is not an allowed source" in error.message


def test_a_volume_that_is_not_mounted_is_named(dest: Path, tmp_path: Path) -> None:
    gone = order(tmp_path / "nothing", dest, "pvc://claim/m.onnx", MODEL)

    assert "nothing is mounted" in failure(gone).message
    assert "--source-dir" in failure(Order(gone.uri, gone.sha256, 1, None, dest)).message


def test_a_folder_that_cannot_be_written_is_named(volume: Path, tmp_path: Path) -> None:
    file = write(tmp_path / "file", b"")
    write(volume / "m.onnx", MODEL)

    with pytest.raises(ModelError) as caught:
        fetch(order(volume, file / "dest", "pvc://claim/m.onnx", MODEL), {})
    assert caught.value.reason is Reason.FETCH_FAILED
    assert "cannot write" in caught.value.message
