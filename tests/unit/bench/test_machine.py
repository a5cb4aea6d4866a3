import pytest

from bench.runtime.machine import parse_list


@pytest.mark.parametrize(
    ("text", "cores"),
    [("0\n", {0}), ("0,4\n", {0, 4}), ("0-3\n", {0, 1, 2, 3}), ("1,8-9", {1, 8, 9})],
)
def test_the_kernels_lists_of_cores_are_read(text: str, cores: set[int]) -> None:
    assert parse_list(text) == cores
