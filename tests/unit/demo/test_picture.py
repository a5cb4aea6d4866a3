"""The picture of the switch says what the numbers say."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.demo import picture
from deploy.demo.picture import Event, Pod, View
from deploy.demo.users import Second


def second(old: int, new: int, failed: int = 0) -> Second:
    versions = {"1.0.0": old, "1.1.0": new}
    answered = {version: count for version, count in versions.items() if count}
    return Second(old + new - failed, failed, answered, 3.0, 9.0)


def view(*seconds: Second, events: tuple[Event, ...] = (), pods: tuple[Pod, ...] = ()) -> View:
    return View("1.0.0", "1.1.0", seconds, events, pods, "Progressing")


def column(drawn: str, index: int) -> str:
    """One column of the chart, from top to bottom."""
    return "".join(row[8 + index] for row in drawn.splitlines()[: picture.HEIGHT])


def test_the_new_version_fills_the_chart_from_below() -> None:
    drawn = picture.chart(view(second(100, 0), second(50, 50), second(0, 100)), 40).plain

    assert column(drawn, 0) == "      "
    assert column(drawn, 1) == "   ███"
    assert column(drawn, 2) == "██████"


def test_a_second_without_any_answer_is_dotted() -> None:
    assert column(picture.chart(view(second(0, 0)), 40).plain, 0) == "······"


def test_a_failed_request_is_marked_at_the_top() -> None:
    assert column(picture.chart(view(second(99, 1, failed=1)), 40).plain, 0).startswith("!")


def test_a_long_run_shows_its_last_seconds() -> None:
    drawn = picture.chart(view(*[second(100, 0)] * 30, second(0, 100)), 10).plain

    assert {len(row) for row in drawn.splitlines()} == {8 + 10}
    assert column(drawn, 9) == "██████"


@pytest.mark.parametrize(("at", "row"), [(2, "          └ 2 s  applied"), (39, "39 s  applied ┘")])
def test_an_event_points_at_its_second_and_stays_on_the_screen(at: int, row: str) -> None:
    drawn = picture.chart(view(*[second(100, 0)] * 40, events=(Event(at, "applied"),)), 40).plain
    last = drawn.splitlines()[-1]

    assert last.endswith(row)
    assert max(last.find("└"), last.find("┘")) == 8 + at
    assert len(last) <= 8 + 40


def test_the_legend_tells_shares_pods_and_counts() -> None:
    pods = (Pod("1.0.0", True, True), Pod("1.1.0", True, False), Pod("1.1.0", False, False))
    drawn = picture.legend(view(second(100, 0), second(25, 75, failed=2), pods=pods)).plain

    assert "█ 1.0.0   25%  pods ◌" in drawn
    assert "█ 1.1.0   75%  pods ● ○" in drawn
    assert "200 requests, 2 failed" in drawn
    assert "half within 3 ms, 99 % within 9 ms" in drawn


def test_a_line_tells_the_same_where_nothing_can_be_drawn() -> None:
    told = picture.line(view(second(100, 0), second(50, 50), events=(Event(2, "applied"),)))

    assert told == "   2 s  100 ok  1.0.0 50%, 1.1.0 50%  failed so far 0  <- applied"


def test_before_the_first_answer_it_says_so() -> None:
    assert picture.line(view()) == "waiting for the first answer"
    assert "0 requests, 0 failed" in picture.legend(view()).plain


@given(st.integers(0, 200), st.integers(0, 200), st.integers(1, 120), st.integers(1, 90))
def test_any_second_fits_any_width(old: int, new: int, count: int, width: int) -> None:
    drawn = picture.chart(view(*[second(old, new)] * count), width).plain

    assert {len(row) for row in drawn.splitlines()} == {8 + min(count, width)}
