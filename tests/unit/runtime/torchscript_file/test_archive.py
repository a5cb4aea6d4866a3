import io
import zipfile
from pathlib import Path

import pytest

from slipway_runtime.errors import ModelError, Reason
from slipway_runtime.torchscript_file.archive import check, embedded_signature, is_torchscript

PROGRAM = {"m/data.pkl": b"\x80\x02.", "m/constants.pkl": b"\x80\x02.", "m/code/m.py": b"def f():"}


def archive(path: Path, entries: dict[str, bytes], compression: int = zipfile.ZIP_STORED) -> Path:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", compression) as made:
        for name, data in entries.items():
            made.writestr(name, data)
    path.write_bytes(content.getvalue())
    return path


def test_a_program_has_constants_and_code(tmp_path: Path) -> None:
    assert is_torchscript(archive(tmp_path / "m.pt", PROGRAM))


@pytest.mark.parametrize("missing", ["m/constants.pkl", "m/code/m.py"])
def test_weights_alone_are_no_program(tmp_path: Path, missing: str) -> None:
    entries = {name: data for name, data in PROGRAM.items() if name != missing}

    assert not is_torchscript(archive(tmp_path / "m.pt", entries))


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"PK\x03\x04" + bytes(100), b"\x80\x04."])
def test_what_is_no_archive_is_no_program(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "m.pt"
    path.write_bytes(content)

    assert not is_torchscript(path)


def test_half_an_archive_is_no_program(tmp_path: Path) -> None:
    path = archive(tmp_path / "m.pt", PROGRAM)
    path.write_bytes(path.read_bytes()[:-30])

    assert not is_torchscript(path)


def test_an_archive_that_explodes_is_refused(tmp_path: Path) -> None:
    bomb = {**PROGRAM, "m/data/0": bytes(200 * 2**20)}
    path = archive(tmp_path / "m.pt", bomb, zipfile.ZIP_DEFLATED)

    with pytest.raises(ModelError, match="unpacks to 2097") as caught:
        check(path)
    assert caught.value.reason is Reason.FORMAT_REJECTED


def test_code_may_be_compressed_as_pytorch_does_it(tmp_path: Path) -> None:
    check(
        archive(tmp_path / "m.pt", {**PROGRAM, "m/code/n.py": b"x" * 2**20}, zipfile.ZIP_DEFLATED)
    )


def test_the_signature_in_it_is_found(tmp_path: Path) -> None:
    with_one = archive(tmp_path / "a.pt", {**PROGRAM, "m/extra/signature.json": b"{}"})

    assert embedded_signature(with_one) == b"{}"
    assert embedded_signature(archive(tmp_path / "b.pt", PROGRAM)) is None


def test_a_signature_no_signature_is_as_large_as_is_refused(tmp_path: Path) -> None:
    path = archive(tmp_path / "m.pt", {**PROGRAM, "m/extra/signature.json": bytes(2 * 2**20)})

    with pytest.raises(ModelError, match="which no signature has"):
        embedded_signature(path)
