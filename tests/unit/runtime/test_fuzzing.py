"""A short and always equal share of what `make fuzz` does for minutes."""

import pytest

from runtime_testing.fuzzing import TARGETS, mutations, seeds


@pytest.mark.parametrize("target", TARGETS)
def test_what_reads_strangers_bytes_takes_them_or_refuses_them_in_words(target: str) -> None:
    for data in (b"", b"\0", *seeds(target), *mutations(target, 1500)):
        try:
            TARGETS[target](data)
        except Exception as error:
            raise AssertionError(f"{target} failed on {data!r}") from error
