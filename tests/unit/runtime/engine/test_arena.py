import numpy as np
import pytest

from slipway_runtime.engine.arena import Usual

MIB = 2**20


def counted(usual: Usual, mebibytes: float, times: int = 1) -> list[bool]:
    feed = {"X": np.empty(int(mebibytes * MIB), np.uint8)}
    return [usual.exceeded_by(feed) for _ in range(times)]


def test_requests_of_one_size_are_usual() -> None:
    usual = Usual()
    counted(usual, 8)

    assert not any(counted(usual, 8, 100)[40:])


def test_one_that_is_far_larger_is_not() -> None:
    usual = Usual()
    counted(usual, 2, 100)

    assert counted(usual, 20) == [True]
    assert counted(usual, 2) == [False]


def test_small_ones_never_matter() -> None:
    usual = Usual()
    counted(usual, 0.001, 100)

    assert counted(usual, 0.9) == [False]


@pytest.mark.parametrize("size", [4, 64])
def test_a_new_size_becomes_usual_after_some_dozen(size: int) -> None:
    usual = Usual()
    counted(usual, 1, 100)

    unusual = counted(usual, size, 64)

    assert not any(unusual[32:])
