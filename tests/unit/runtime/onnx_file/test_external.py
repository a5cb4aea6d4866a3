from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway_runtime.errors import ModelError, Reason
from slipway_runtime.onnx_file.external import check_names, files


def refusal(folder: Path, location: str) -> str:
    with pytest.raises(ModelError) as caught:
        files(folder, [location])
    assert caught.value.reason is Reason.FORMAT_REJECTED
    return caught.value.message


def test_plain_files_in_the_folder_are_found(tmp_path: Path) -> None:
    for name in ("a.bin", "deep/b.bin"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"weights")

    assert files(tmp_path, ["deep/b.bin", "a.bin", "./a.bin"]) == [
        tmp_path / "a.bin",
        tmp_path / "a.bin",
        tmp_path / "deep" / "b.bin",
    ]


@pytest.mark.parametrize(
    "location",
    [
        "/etc/passwd",
        "../secret",
        "deep/../../secret",
        "..",
        ".",
        "",
        "a\0b",
        "a\nb",
        "..\\secret",
        "C:\\secret",
        "*/_ORT_MEM_ADDR_/*",
    ],
)
def test_names_that_lead_out_of_the_folder_are_refused(tmp_path: Path, location: str) -> None:
    assert "leads outside of its folder" in refusal(tmp_path, location)


@given(st.text())
def test_a_name_that_passes_stays_below_the_folder(location: str) -> None:
    try:
        check_names([location])
    except ModelError:
        return
    assert (Path("/folder") / location).resolve().is_relative_to("/folder")
    assert (Path("/folder") / location).resolve() != Path("/folder")


def test_links_are_refused_even_inside_the_folder(tmp_path: Path) -> None:
    real = tmp_path / "real.bin"
    real.write_bytes(b"weights")
    (tmp_path / "soft.bin").symlink_to(real)
    (tmp_path / "folder").symlink_to(tmp_path)

    assert "symbolic link" in refusal(tmp_path, "soft.bin")
    assert "symbolic link" in refusal(tmp_path, "folder/real.bin")
    (tmp_path / "hard.bin").hardlink_to(real)
    assert "hard link" in refusal(tmp_path, "hard.bin")


def test_what_is_missing_or_no_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()

    assert "'a.bin', which does not exist" in refusal(tmp_path, "a.bin")
    assert "not a regular file" in refusal(tmp_path, "folder")
