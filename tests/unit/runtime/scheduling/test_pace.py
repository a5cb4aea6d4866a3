import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway_runtime.scheduling.pace import QUICK, Pace

SHORT, LONG = QUICK / 10, QUICK * 10
SIZE = 100


def quick() -> Pace:
    pace = Pace()
    pace.ran_in_thread(SIZE, SHORT)
    return pace


def until_quick(pace: Pace, patience: int = 10_000) -> int:
    """Count the short runs in threads until the loop is tried."""
    for run in range(patience):
        if pace.quick(SIZE):
            return run
        pace.ran_in_thread(SIZE, SHORT)
    raise AssertionError("never quick")


@pytest.mark.parametrize("size", [0, 1, 2**40])
def test_what_was_never_run_is_not_quick(size: int) -> None:
    assert not Pace().quick(size)


def test_one_short_run_in_a_thread_is_enough_for_those_of_its_size() -> None:
    assert quick().quick(SIZE)
    assert quick().quick(127)
    assert not quick().quick(128)
    assert not quick().quick(10)


def test_a_long_run_in_a_thread_is_a_reason_for_care_for_a_while() -> None:
    pace = Pace()
    pace.ran_in_thread(SIZE, LONG)

    assert 10 < until_quick(pace) < 100


def test_one_long_run_on_the_loop_among_many_short_ones_changes_nothing() -> None:
    pace = quick()
    for _ in range(100):
        pace.ran_here(SIZE, LONG)
        for _ in range(10):
            pace.ran_here(SIZE, SHORT)

    assert pace.quick(SIZE)


def test_several_long_runs_on_the_loop_end_it() -> None:
    pace = quick()
    for _ in range(5):
        assert pace.quick(SIZE)
        pace.ran_here(SIZE, LONG)

    assert not pace.quick(SIZE)


def test_every_second_run_being_long_ends_it_too() -> None:
    pace = quick()
    for _ in range(10):
        pace.ran_here(SIZE, LONG)
        pace.ran_here(SIZE, SHORT)
        if not pace.quick(SIZE):
            return
    raise AssertionError("every probe would wait")


def test_one_run_that_stops_everything_ends_it_at_once() -> None:
    pace = quick()

    pace.ran_here(SIZE, 0.5)

    assert not pace.quick(SIZE)


def test_a_model_that_waits_without_working_is_tried_ever_more_rarely() -> None:
    """In its thread it seems to do nothing: on the loop it holds everybody up."""
    pace, waits = Pace(), []
    for _ in range(6):
        waits.append(until_quick(pace))
        while pace.quick(SIZE):
            pace.ran_here(SIZE, LONG)

    assert waits[1:] == [32, 64, 128, 256, 512]


@given(st.lists(st.tuples(st.integers(0, 1 << 20), st.floats(LONG, 10)), min_size=1))
def test_a_model_that_always_works_long_is_never_quick(runs: list[tuple[int, float]]) -> None:
    pace = Pace()
    for size, seconds in runs:
        pace.ran_in_thread(size, seconds)

    assert not any(pace.quick(size) for size, _ in runs)
