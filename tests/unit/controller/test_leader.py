"""One leads, and it stops writing before another may begin."""

import pytest

from slipway_operator.kube import WRITE_TIMEOUT
from slipway_operator.leader import (
    DURATION,
    FENCE,
    Fence,
    FencedError,
    Sighting,
    may_take,
    sight,
)
from slipway_operator.objects import Obj


class Clock:
    """Time that a test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def lease(holder: str | None, renewed: str = "t1", seconds: int = DURATION) -> Obj:
    return {
        "spec": {
            "holderIdentity": holder,
            "renewTime": renewed,
            "leaseDurationSeconds": seconds,
        }
    }


def test_a_fence_is_closed_until_a_renewal_succeeds(clock: Clock) -> None:
    fence = Fence(clock)

    with pytest.raises(FencedError):
        fence.check()
    fence.renewed(asked_at=clock.now)

    fence.check()


def test_a_fence_closes_by_itself_counted_from_when_the_renewal_was_asked_for(
    clock: Clock,
) -> None:
    fence = Fence(clock)
    asked_at = clock.now
    clock.now += 3  # the answer was slow
    fence.renewed(asked_at)

    clock.now = asked_at + FENCE

    assert not fence.is_open


def test_the_last_write_ends_before_the_lease_can_be_taken() -> None:
    assert FENCE + WRITE_TIMEOUT < DURATION


def test_a_fence_can_be_closed_at_once(clock: Clock) -> None:
    fence = Fence(clock)
    fence.renewed(clock.now)

    fence.close()

    assert not fence.is_open


@pytest.mark.parametrize("holder", [None, "", "me"])
def test_a_lease_of_nobody_or_of_mine_can_be_taken_at_once(holder: str | None) -> None:
    found = lease(holder)

    assert may_take(found, "me", sight(found, None, 0), 0)


def test_a_lease_of_another_is_taken_only_after_its_whole_length_without_a_change() -> None:
    found = lease("other")
    first = sight(found, None, 100)

    assert not may_take(found, "me", sight(found, first, 100 + DURATION - 1), 100 + DURATION - 1)
    assert may_take(found, "me", sight(found, first, 100 + DURATION), 100 + DURATION)


def test_a_renewal_by_the_other_begins_the_wait_anew() -> None:
    first = sight(lease("other", "t1"), None, 100)
    renewed = lease("other", "t2")
    second = sight(renewed, first, 110)

    assert not may_take(renewed, "me", second, 100 + DURATION)
    assert may_take(renewed, "me", second, 110 + DURATION)


def test_only_our_own_clock_counts_not_the_times_in_the_lease() -> None:
    ancient = lease("other", "1970-01-01T00:00:00Z")

    assert not may_take(ancient, "me", sight(ancient, None, 100), 100)


def test_the_length_of_a_lease_is_what_its_holder_said() -> None:
    assert sight(lease("other", seconds=60), None, 0) == Sighting(("other", "t1", None), 60.0, 0)
