import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.runtime.arithmetic import Comparison, Row, Run, Target, compare, finished, percentile
from bench.runtime.arithmetic import drift as drift_of

SLIPWAY = finished("Slipway", [Run(100, 1, 3), Run(300, 1, 3), Run(200, 2, 6)])


def test_a_row_shows_the_median_of_its_runs() -> None:
    assert (SLIPWAY.rate, SLIPWAY.p50, SLIPWAY.p99) == (200, 1, 3)


def test_one_disturbed_run_of_five_changes_nothing() -> None:
    calm = [Run(100, 1, 2)] * 4

    assert finished("a", [*calm, Run(3, 90, 900)]).rate == 100


def test_a_run_without_latencies_has_none() -> None:
    row = finished("limit", [Run(5), Run(7)])

    assert row.rate == 6
    assert row.p50 is None
    assert row.p99 is None


def test_a_single_failed_request_fails_the_row() -> None:
    row = finished("a", [Run(1, 1, 1), Run(1, 1, 1, errors=1_200)])

    assert row.failure == "1,200 requests failed"


def test_a_run_without_any_answer_fails_the_row() -> None:
    row = finished("a", [Run(100, 1, 1), Run(0)])

    assert row.failure == "a run without any answer"
    assert compare(SLIPWAY, row) is None


def test_a_comparison_is_slipways_share_of_the_other() -> None:
    other = finished("other", [Run(50, 1, 2)])

    assert compare(SLIPWAY, other) == Comparison(4, 1.5)


@pytest.mark.parametrize(
    ("slipway", "other"),
    [(Row("a", failure="no"), SLIPWAY), (SLIPWAY, Row("a", failure="no"))],
    ids=["Slipway failed", "the other failed"],
)
def test_what_failed_is_not_compared(slipway: Row, other: Row) -> None:
    assert compare(slipway, other) is None


@pytest.mark.parametrize(
    ("comparison", "target", "met"),
    [
        (Comparison(5.0, 9.9), Target(5), True),
        (Comparison(4.99, 0.1), Target(5), False),
        (Comparison(0.8, 1.5), Target(0.8, p99=1.5), True),
        (Comparison(0.9, 1.51), Target(0.8, p99=1.5), False),
        (Comparison(0.79, 1.0), Target(0.8, p99=1.5), False),
        (Comparison(9.0, None), Target(0.8, p99=1.5), False),
    ],
)
def test_a_target_is_met_when_all_of_it_is(
    comparison: Comparison, target: Target, met: bool
) -> None:
    assert comparison.meets(target) is met


@given(st.lists(st.floats(0, 1e9), min_size=1), st.floats(0.01, 1))
def test_a_percentile_is_a_value_that_so_many_do_not_exceed(
    values: list[float], share: float
) -> None:
    found = percentile(values, share)

    assert found in values
    assert sum(value <= found for value in values) >= share * len(values) - 1e-6


def test_percentiles_of_a_hundred() -> None:
    values = list(range(100, 0, -1))

    assert (percentile(values, 0.5), percentile(values, 0.99)) == (50, 99)


@pytest.mark.parametrize(("before", "after", "percent"), [(50, 51, 2), (50, 49, -2), (7, 7, 0)])
def test_drift_is_the_change_in_percent(before: float, after: float, percent: float) -> None:
    assert drift_of(before, after) == pytest.approx(percent)
