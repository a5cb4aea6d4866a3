import hashlib
from pathlib import Path

import pytest

from slipway_runtime.errors import ModelError, Reason
from slipway_runtime.lifecycle.checksum import expect

DIGEST = hashlib.sha256(b"model").hexdigest()


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "model.onnx"
    path.write_bytes(b"model")
    return path


def test_a_file_alone_is_taken(model: Path) -> None:
    expect(model)


@pytest.mark.parametrize("words", [DIGEST, DIGEST.upper() + "\n", f"{DIGEST}  model.onnx\n"])
def test_the_sha256_beside_it_may_be_as_sha256sum_prints_it(model: Path, words: str) -> None:
    (model.parent / "model.onnx.sha256").write_text(words)
    expect(model)


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (DIGEST[:-1] + ("0" if DIGEST[-1] != "0" else "1"), f"has sha256 {DIGEST}"),
        ("", "holds no sha256"),
        ("not a digest", "holds no sha256"),
        (DIGEST + "0", "holds no sha256"),
    ],
)
def test_another_sha256_is_refused(model: Path, words: str, complaint: str) -> None:
    (model.parent / "model.onnx.sha256").write_text(words)
    with pytest.raises(ModelError, match=complaint) as caught:
        expect(model)
    assert caught.value.reason is Reason.CHECKSUM_MISMATCH


def test_a_sha256_that_cannot_be_read_is_no_sha256_that_is_not_there(model: Path) -> None:
    (model.parent / "model.onnx.sha256").mkdir()
    with pytest.raises(ModelError, match="cannot be read: Is a directory"):
        expect(model)
