"""Which key is due when; time is a number here, and nobody waits."""

import asyncio

import pytest

from slipway_operator.queue import SETTLE, Key, RetryError, Schedule, WorkQueue, pause_after

A, B = Key("ns", "a"), Key("ns", "b")


@pytest.fixture
def schedule() -> Schedule:
    return Schedule(chance=lambda: 0.5)


def test_a_burst_of_changes_is_one_look(schedule: Schedule) -> None:
    for moment in (0.0, 0.01, 0.02):
        schedule.mark(A, moment)

    assert schedule.take(0.02) is None
    assert schedule.take(SETTLE) == A
    assert schedule.take(1.0) is None


def test_a_change_during_a_look_is_one_more_look(schedule: Schedule) -> None:
    schedule.mark(A, 0)
    schedule.take(1)
    schedule.mark(A, 1)

    assert schedule.take(2) is None
    assert schedule.next_due() is None
    schedule.succeeded(A)

    assert schedule.take(2) == A


def test_the_key_that_waits_longest_comes_first(schedule: Schedule) -> None:
    schedule.mark(B, 0)
    schedule.mark(A, 1)

    assert schedule.take(5) == B
    assert schedule.take(5) == A


def test_failures_wait_longer_and_longer_and_a_success_ends_that(schedule: Schedule) -> None:
    schedule.mark(A, 0)
    for pause in (1, 2, 4):
        schedule.take(100)
        schedule.failed(A, 100)
        assert schedule.next_due() == 100 + pause
        schedule.wake(A, 0)

    schedule.take(100)
    schedule.succeeded(A)
    schedule.mark(A, 100)

    assert schedule.next_due() == pytest.approx(100 + SETTLE)


def test_a_changing_child_does_not_cut_a_pause_short(schedule: Schedule) -> None:
    schedule.mark(A, 0, version=1)
    schedule.take(1)
    schedule.failed(A, 1, retry_after=30)

    schedule.mark(A, 2)
    schedule.mark(A, 2, version=1)

    assert schedule.take(30) is None
    assert schedule.take(31) == A


def test_a_new_spec_ends_the_pause(schedule: Schedule) -> None:
    schedule.mark(A, 0, version=1)
    schedule.take(1)
    schedule.failed(A, 1, retry_after=30)

    schedule.mark(A, 2, version=2)

    assert schedule.take(3) == A


def test_a_wake_up_comes_at_its_time_unless_something_happens_before(schedule: Schedule) -> None:
    schedule.mark(A, 0)
    schedule.take(1)
    schedule.succeeded(A)
    schedule.wake(A, 60)
    assert schedule.take(59) is None

    schedule.mark(A, 10)

    assert schedule.take(11) == A


def test_a_forgotten_key_is_gone_even_while_it_is_looked_at(schedule: Schedule) -> None:
    schedule.mark(A, 0)
    schedule.take(1)
    schedule.forget(A)
    schedule.failed(A, 1)
    schedule.wake(A, 1)

    assert len(schedule) == 0
    assert schedule.next_due() is None


def test_depth_counts_what_is_due(schedule: Schedule) -> None:
    schedule.mark(A, 0)
    schedule.mark(B, 10)

    assert schedule.depth(1) == 1
    assert set(schedule.keys) == {A, B}


@pytest.mark.parametrize("failures", range(1, 400, 7))
@pytest.mark.parametrize("chance", [0.0, 0.999])
def test_a_pause_lies_between_a_moment_and_five_minutes(failures: int, chance: float) -> None:
    assert 0.75 <= pause_after(failures, chance) <= 300


async def test_no_key_is_looked_at_twice_at_once_and_none_starves() -> None:
    running: set[Key] = set()
    looked: list[Key] = []

    async def look(key: Key) -> float | None:
        assert key not in running
        running.add(key)
        await asyncio.sleep(0.01)
        running.discard(key)
        looked.append(key)
        return None

    queue = WorkQueue(look)
    workers = [asyncio.create_task(queue.work()) for _ in range(4)]
    for _ in range(5):
        for name in "abcdef":
            queue.mark(Key("ns", name))
        await asyncio.sleep(0.02)
    await asyncio.sleep(0.3)
    for worker in workers:
        worker.cancel()

    assert {key.name for key in looked} == set("abcdef")
    assert queue.depth == 0


async def test_a_failed_look_is_repeated_and_a_wake_up_is_kept() -> None:
    outcomes = iter([RetryError("not yet", after=0.0), 0.05, None])
    looks: list[float] = []
    loop = asyncio.get_running_loop()

    async def look(_: Key) -> float | None:
        looks.append(loop.time())
        outcome = next(outcomes)
        if isinstance(outcome, RetryError):
            raise outcome
        return outcome

    queue = WorkQueue(look)
    worker = asyncio.create_task(queue.work())
    queue.mark(A)
    async with asyncio.timeout(5):
        while len(looks) < 3:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    worker.cancel()

    assert 0.7 < looks[1] - looks[0] < 2.0
    assert 0.04 < looks[2] - looks[1] < 0.5


async def test_a_worker_that_is_stopped_leaves_its_key_due() -> None:
    async def look(_: Key) -> float | None:
        await asyncio.sleep(60)
        return None

    queue = WorkQueue(look)
    worker = asyncio.create_task(queue.work())
    queue.mark(A)
    await asyncio.sleep(0.1)
    worker.cancel()
    await asyncio.gather(worker, return_exceptions=True)

    assert set(queue.keys) == {A}
