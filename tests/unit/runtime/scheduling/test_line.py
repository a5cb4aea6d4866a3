from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime_testing.doubler import Doubler, asking, served
from slipway_runtime.scheduling.job import Job
from slipway_runtime.scheduling.line import Line

MODEL = served(Doubler())


def job(rows: int = 1, group: str | None = "a", arrived: float = 0.0) -> Job:
    made = Job(MODEL, asking(MODEL, *range(rows)), lambda _: None, lambda _: None)
    made.group, made.arrived = group, arrived
    return made


def line(*jobs: Job, most_rows: int = 4, delay: float = 0.0) -> Line:
    made = Line(most_rows, delay)
    for waiting in jobs:
        made.add(waiting)
    return made


def anything(_: int) -> bool:
    return True


def test_those_of_one_group_go_together_up_to_the_rows_allowed() -> None:
    jobs = [job(2), job(1), job(2), job(1)]
    waiting = line(*jobs)

    assert waiting.take(1.0, anything) == jobs[:2], "a third would make five rows"
    assert waiting.take(1.0, anything) == jobs[2:]
    assert len(waiting) == 0


def test_one_with_more_rows_than_allowed_goes_alone() -> None:
    jobs = [job(9), job(1)]
    waiting = line(*jobs)

    assert waiting.take(1.0, anything) == jobs[:1]
    assert waiting.take(1.0, anything) == jobs[1:]


def test_the_group_that_has_waited_longest_goes_first() -> None:
    late, early = job(group="b", arrived=2.0), job(group="a", arrived=1.0)
    waiting = line(late, early)

    assert waiting.take(3.0, anything) == [early]
    assert waiting.take(3.0, anything) == [late]


def test_those_without_a_group_go_alone() -> None:
    jobs = [job(group=None), job(group=None)]
    waiting = line(*jobs, delay=5.0)

    assert waiting.take(0.0, anything) == jobs[:1]
    assert waiting.take(0.0, anything) == jobs[1:]


def test_a_group_waits_for_others_but_no_longer_than_told() -> None:
    waiting = line(job(arrived=1.0), delay=0.5)

    assert waiting.take(1.4, anything) == []
    assert waiting.ripens(1.4) == pytest.approx(1.5)
    assert len(waiting.take(1.5, anything)) == 1
    assert waiting.ripens(1.5) is None


def test_a_full_group_does_not_wait() -> None:
    assert len(line(job(3), job(1), delay=9.0).take(0.0, anything)) == 2


def test_a_group_that_cannot_run_now_does_not_hold_up_another() -> None:
    large, small = job(3, "a", 0.0), job(1, "b", 1.0)

    assert line(large, small).take(2.0, lambda size: size < 2) == [small]


def test_one_that_has_left_is_not_taken() -> None:
    jobs = [job(), job(), job()]
    waiting = line(*jobs)

    waiting.remove(jobs[1])
    waiting.remove(jobs[1])

    assert waiting.take(1.0, anything) == [jobs[0], jobs[2]]
    waiting.remove(jobs[0])
    assert len(waiting) == 0


JOBS = st.lists(st.tuples(st.integers(1, 6), st.sampled_from(["a", "b", None])))


@given(JOBS, st.integers(1, 8), st.integers(0, 30))
def test_all_are_taken_once_in_their_order_and_never_too_many(
    made: list[tuple[int, str | None]], most_rows: int, limit: int
) -> None:
    jobs = [job(rows, group, float(at)) for at, (rows, group) in enumerate(made)]
    waiting = line(*jobs, most_rows=most_rows)
    may_run: Callable[[int], bool] = anything if limit == 0 else lambda size: size <= limit

    taken: list[Job] = []
    while batch := waiting.take(1e9, may_run):
        assert len(batch) == 1 or sum(one.rows for one in batch) <= most_rows
        assert len({one.group for one in batch}) == 1
        taken += batch

    assert len(waiting) == len(jobs) - len(taken)
    assert len(taken) == len(jobs) or limit
    for group in ("a", "b", None):
        order = [one for one in taken if one.group == group]
        assert order == sorted(order, key=lambda one: one.arrived)
