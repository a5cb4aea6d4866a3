import dataclasses

import pytest

from slipway_runtime.tools.bench import Figures, advice
from slipway_runtime.tools.timing import Timing, repeat, summary


def figure(per_second: float) -> Timing:
    return Timing(median=1 / per_second, p99=2 / per_second, count=int(per_second), elapsed=1)


FOUND = Figures(
    alone={1: figure(1000), 8: figure(800), 32: figure(500)},
    threads=2,
    side_by_side=figure(1900),
    through={1: figure(400), 16: figure(900), 64: figure(900)},
    joined=figure(2700),
)


def test_batching_is_advised_where_it_made_more_answers() -> None:
    said = "\n".join(advice(FOUND))

    assert "batching pays: set --batch-rows 32" in said
    assert "32 rows in one run are 16.0 times as fast as one by one" in said
    assert "made 3.00 times as many answers" in said


@pytest.mark.parametrize("per_second", [100, 900, 1000])
def test_batching_is_not_advised_where_it_made_no_difference(per_second: int) -> None:
    found = dataclasses.replace(FOUND, joined=figure(per_second))

    assert "batching does not pay here" in next(advice(found))


def test_a_model_of_whole_tensors_has_no_rows_to_join() -> None:
    found = dataclasses.replace(FOUND, joined=None)

    assert "takes one request's tensors at a time" in next(advice(found))


def test_what_clients_see_and_what_processors_give_is_said() -> None:
    said = "\n".join(advice(FOUND))

    assert "a median of 1.11 ms and a p99 of 2.22 ms" in said
    assert "1,000 runs a second on one thread and 1.9 times that on 2" in said


def test_durations_are_summed_up() -> None:
    found = summary([float(n) for n in range(1, 201)], 10)

    assert (found.median, found.p99, found.count, found.per_second) == (101, 199, 200, 20)


def test_something_slow_is_done_a_few_times_all_the_same() -> None:
    done: list[int] = []

    found = repeat(lambda: done.append(1), 0)

    assert found.count == 5
    assert len(done) == 8
