import pytest

from bench.runtime.page import BEGIN, END, put


def test_only_what_is_between_the_markers_changes() -> None:
    page = f"# Words\n\n{BEGIN}\n\nold\n\n{END}\n\nmore words\n"

    assert put(page, "new\n") == f"# Words\n\n{BEGIN}\n\nnew\n\n{END}\n\nmore words\n"


def test_putting_twice_is_putting_once() -> None:
    page = put(f"{BEGIN}{END}", "text")

    assert put(page, "text") == page


@pytest.mark.parametrize("page", ["", BEGIN, END, f"{END}{BEGIN}"])
def test_a_page_without_its_markers_is_not_written(page: str) -> None:
    with pytest.raises(ValueError, match="bench-runtime: begin"):
        put(page, "text")
