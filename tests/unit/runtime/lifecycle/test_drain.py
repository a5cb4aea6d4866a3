import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway_runtime.lifecycle.drain import drain, over


@pytest.mark.parametrize(
    ("elapsed", "connections", "ends"),
    [(0, 0, False), (4.9, 0, False), (5, 0, True), (5, 1, False), (14.9, 1, False), (15, 9, True)],
)
def test_it_ends_after_its_time_or_earlier_when_nobody_is_connected(
    elapsed: float, connections: int, ends: bool
) -> None:
    assert over(elapsed, connections, 15) is ends


@given(st.floats(0, 100), st.integers(0, 10), st.floats(0, 60))
def test_it_never_takes_longer_than_told(elapsed: float, connections: int, longest: float) -> None:
    if elapsed >= longest:
        assert over(elapsed, connections, longest)


async def test_it_waits_for_the_last_connection() -> None:
    left = iter([2, 1, 0])

    await drain(lambda: next(left, 0), 0.25)

    assert next(left, None) is None
