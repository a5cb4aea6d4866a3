"""Images: the name changes with what goes in, and with nothing else."""

from pathlib import Path

import pytest

from localcluster.images import OURS, Image, Size, reference


@pytest.fixture
def image(tmp_path: Path) -> Image:
    (tmp_path / "src" / "package").mkdir(parents=True)
    (tmp_path / "Dockerfile").write_text("FROM scratch\n")
    (tmp_path / "requirements.txt").write_text("")
    (tmp_path / "src" / "package" / "code.py").write_text("one = 1\n")
    return Image("runtime", tmp_path)


def test_the_name_is_stable(image: Image) -> None:
    assert reference(image, "base:1") == reference(image, "base:1")


@pytest.mark.parametrize("file", ["Dockerfile", "requirements.txt", "src/package/code.py"])
def test_the_name_changes_with_every_file_that_goes_in(image: Image, file: str) -> None:
    before = reference(image, "base:1")
    (image.folder / file).write_text("changed\n")
    assert reference(image, "base:1") != before


def test_the_name_changes_with_a_new_file(image: Image) -> None:
    before = reference(image, "base:1")
    (image.folder / "src" / "package" / "more.py").touch()
    assert reference(image, "base:1") != before


def test_the_name_changes_with_the_base(image: Image) -> None:
    assert reference(image, "base:1") != reference(image, "base:2")


def test_compiled_code_and_files_outside_do_not_matter(image: Image) -> None:
    before = reference(image, "base:1")
    cache = image.folder / "src" / "package" / "__pycache__"
    cache.mkdir()
    (cache / "code.pyc").touch()
    (image.folder / "notes.md").touch()
    assert reference(image, "base:1") == before


def test_a_name_is_local_and_tagged_by_content(image: Image) -> None:
    name, _, tag = reference(image, "base:1").partition(":")
    assert name == "localhost/slipway-runtime"
    assert len(tag) == 12


def test_both_images_of_the_repository_have_a_recipe() -> None:
    assert [image.variable for image in OURS] == ["OPERATOR_IMAGE", "RUNTIME_IMAGE"]
    assert all((image.folder / "Dockerfile").is_file() for image in OURS)


def test_a_size_says_what_is_added_to_the_base() -> None:
    assert str(Size(total=262_000_000, base=105_000_000)) == "262 MB, adds 157 MB to its base"
