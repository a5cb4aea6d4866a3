import asyncio
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from runtime_testing.doubler import Doubler, asking, served
from slipway_runtime.errors import InferenceError, RefusedError
from slipway_runtime.identity import Identity
from slipway_runtime.inference import Inference
from slipway_runtime.metrics import Metrics
from slipway_runtime.model import Model
from slipway_runtime.scheduling.pace import QUICK
from slipway_runtime.scheduling.scheduler import Scheduler
from slipway_runtime.scheduling.settings import SchedulingSettings

LOOP, THREAD = "MainThread", "inference_0"
PATIENCE = 20.0


class Scene:
    """A scheduler, a model, and what came of it."""

    def __init__(self, engine: Doubler, settings: SchedulingSettings, threads: int) -> None:
        self.engine = engine
        self.model: Model = served(engine)
        self.metrics = Metrics(self.model.identity, lambda: True)
        loop = asyncio.get_running_loop()
        self.scheduler = Scheduler(settings, threads, self.metrics, loop)
        self._asked: list[asyncio.Task[Any]] = []

    def ask(self, *values: float, **options: Any) -> "asyncio.Task[list[float]]":
        """Ask, without waiting for the answer."""
        question = asking(self.model, *values, **options)
        return self.send(question)

    def send(self, question: Inference) -> "asyncio.Task[list[float]]":
        task = asyncio.create_task(self._answer(question))
        self._asked.append(task)
        return task

    async def _answer(self, question: Inference) -> list[float]:
        tensors = await self.scheduler.run(self.model, question)
        return [float(value) for value in tensors[0][:, 0]]

    async def learn(self, rows: int = 1) -> None:
        """Let the scheduler find out that so many rows are quickly computed."""
        async with asyncio.timeout(PATIENCE):
            while self.engine.threads[-1:] != [LOOP]:
                await self.ask(*range(rows))
        self.engine.runs.clear()
        self.engine.threads.clear()

    async def running(self, count: int = 1) -> None:
        await until(lambda: len(self.engine.runs) == count)

    async def close(self) -> None:
        self.engine.gate.set()
        await asyncio.gather(*self._asked, return_exceptions=True)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.001)


@pytest.fixture
async def scene() -> AsyncIterator[Callable[..., Scene]]:
    made: list[Scene] = []

    def make(engine: Doubler | None = None, threads: int = 1, **settings: Any) -> Scene:
        made.append(Scene(engine or Doubler(), SchedulingSettings(**settings), threads))
        return made[-1]

    yield make
    for each in made:
        await each.close()


async def refused(task: "asyncio.Task[Any]") -> RefusedError:
    with pytest.raises(RefusedError) as caught:
        async with asyncio.timeout(PATIENCE):
            await task
    return caught.value


async def test_a_model_that_nobody_knows_runs_in_a_thread_and_a_quick_one_on_the_loop(
    scene: Any,
) -> None:
    here = scene()

    assert await here.ask(1) == [2]
    assert here.engine.threads == [THREAD]

    await here.learn()
    assert await here.ask(2) == [4]
    assert here.engine.threads == [LOOP]


async def test_a_model_that_has_become_slow_goes_back_to_threads(scene: Any) -> None:
    here = scene()
    await here.learn()
    here.engine.seconds = 10 * QUICK

    for _ in range(8):
        await here.ask(1)

    assert here.engine.threads[0] == LOOP
    assert here.engine.threads[-1] == THREAD


async def test_so_many_wait_and_no_more_and_the_next_is_served(scene: Any) -> None:
    here = scene(queue=2)
    here.engine.gate.clear()
    first = here.ask(1)
    await here.running()
    waiting = [here.ask(2), here.ask(3)]
    await asyncio.sleep(0)

    error = await refused(here.ask(4))
    assert error.status == 503
    assert ("retry-after", "1") in error.headers

    here.engine.gate.set()
    assert [*await asyncio.gather(first, *waiting)] == [[2], [4], [6]]
    assert await here.ask(5) == [10]


async def test_with_no_queue_a_free_thread_is_still_used(scene: Any) -> None:
    here = scene(queue=0)

    assert await here.ask(1) == [2]


async def test_what_waits_is_told(scene: Any) -> None:
    here = scene()
    here.engine.gate.clear()
    here.ask(1)
    await here.running()
    here.ask(2)
    await asyncio.sleep(0)

    assert b'slipway_queue_length{model="doubler",revision="",version="1"} 1.0' in (
        here.metrics.render()
    )


async def test_who_waits_too_long_is_told_so_and_never_run(scene: Any) -> None:
    here = scene()
    here.engine.gate.clear()
    first = here.ask(1)
    await here.running()

    error = await refused(here.send(asking(here.model, 2)._replace(timeout=0.05)))
    assert error.status == 504
    assert "0.05 seconds" in error.message

    here.engine.gate.set()
    assert await first == [2]
    assert await here.ask(3) == [6]
    assert here.engine.runs == [[1], [3]]


async def test_what_runs_too_long_alone_is_stopped(scene: Any) -> None:
    here = scene(timeout=0.05)
    here.engine.gate.clear()

    assert (await refused(here.ask(1))).status == 504

    await until(lambda: here.engine.stopped == 1)
    here.engine.gate.set()
    assert await here.ask(2) == [4]


@pytest.mark.parametrize(("patience", "told"), [(0.01, "0.01"), (60.0, "0.05")])
async def test_a_client_may_wait_less_than_the_server_but_not_longer(
    scene: Any, patience: float, told: str
) -> None:
    here = scene(timeout=0.05)
    here.engine.gate.clear()

    error = await refused(here.send(asking(here.model, 1)._replace(timeout=patience)))

    assert f"within {told} seconds" in error.message


async def test_what_is_cancelled_while_it_waits_never_runs(scene: Any) -> None:
    here = scene(queue=1)
    here.engine.gate.clear()
    first = here.ask(1)
    await here.running()
    second = here.ask(2)
    await asyncio.sleep(0)

    second.cancel()
    await asyncio.sleep(0)
    third = here.ask(3)
    await asyncio.sleep(0)
    here.engine.gate.set()

    assert [*await asyncio.gather(first, third)] == [[2], [6]]
    assert here.engine.runs == [[1], [3]]


async def test_what_is_cancelled_while_it_runs_alone_is_stopped(scene: Any) -> None:
    here = scene()
    here.engine.gate.clear()
    first = here.ask(1)
    await here.running()

    first.cancel()

    await until(lambda: here.engine.stopped == 1)
    here.engine.gate.set()
    assert await here.ask(2) == [4]


async def test_a_client_that_has_left_is_noticed(scene: Any) -> None:
    here = scene()
    here.engine.gate.clear()
    left = asyncio.Event()

    async def gone() -> None:
        await left.wait()

    task = asyncio.create_task(here.scheduler.run(here.model, asking(here.model, 1), gone))
    await here.running()
    left.set()

    assert (await refused(task)).status == 499
    await until(lambda: here.engine.stopped == 1)


async def test_what_arrives_together_runs_together_and_each_gets_its_own(scene: Any) -> None:
    here = scene(batch_rows=8)

    answers = await asyncio.gather(*[here.ask(*values) for values in ([1, 2], [3], [4, 5, 6])])

    assert answers == [[2, 4], [6], [8, 10, 12]]
    assert here.engine.runs == [[1, 2, 3, 4, 5, 6]]
    assert here.metrics.rows.count == 1
    assert here.metrics.rows.sum == 6


async def test_a_quick_model_is_joined_on_the_loop(scene: Any) -> None:
    here = scene(batch_rows=8)
    await here.learn(rows=8)

    await asyncio.gather(*[here.ask(value) for value in range(8)])

    assert here.engine.runs == [list(range(8))]
    assert here.engine.threads == [LOOP]


async def test_nobody_waits_for_others_without_a_delay(scene: Any) -> None:
    here = scene(batch_rows=8)

    assert await here.ask(1) == [2]
    assert await here.ask(2) == [4]
    assert here.engine.runs == [[1], [2]]


async def test_what_has_piled_up_behind_a_run_is_joined(scene: Any) -> None:
    here = scene(batch_rows=8)
    here.engine.gate.clear()
    first = here.ask(1)
    await here.running()
    later = []
    for value in (2, 3, 4):
        later.append(here.ask(value))
        await asyncio.sleep(0.001)
    here.engine.gate.set()

    await asyncio.gather(first, *later)

    assert here.engine.runs == [[1], [2, 3, 4]]


async def test_with_a_delay_the_first_waits_for_others_but_not_longer(scene: Any) -> None:
    here = scene(batch_rows=8, batch_delay=0.5)
    started = time.perf_counter()
    first = here.ask(1)
    await asyncio.sleep(0.02)
    second = here.ask(2)

    await asyncio.gather(first, second)

    assert time.perf_counter() - started >= 0.5
    assert here.engine.runs == [[1, 2]]


async def test_with_a_delay_a_full_batch_does_not_wait(scene: Any) -> None:
    here = scene(batch_rows=2, batch_delay=1000.0)

    async with asyncio.timeout(PATIENCE):
        await asyncio.gather(here.ask(1), here.ask(2))

    assert here.engine.runs == [[1, 2]]


async def test_no_run_has_more_rows_than_allowed(scene: Any) -> None:
    here = scene(batch_rows=4)

    await asyncio.gather(*[here.ask(*range(count)) for count in (3, 2, 2, 9, 1)])

    assert sorted(map(len, here.engine.runs)) == [1, 3, 4, 9]


async def test_only_what_is_alike_is_joined(scene: Any) -> None:
    here = scene(batch_rows=8)
    plain = asking(here.model, 1)

    await asyncio.gather(
        here.ask(1),
        here.ask(2, columns=2),
        here.ask(3, outputs="Z"),
        here.send(plain._replace(parameters={"a": 1})),
    )

    assert len(here.engine.runs) == 4


async def test_a_bad_row_fails_alone(scene: Any) -> None:
    here = scene(batch_rows=8)
    asked = [here.ask(1), here.ask(-1), here.ask(3)]

    answers = await asyncio.gather(*asked, return_exceptions=True)

    assert answers[0] == [2]
    assert isinstance(answers[1], InferenceError)
    assert answers[2] == [6]
    assert here.engine.runs == [[1, -1, 3], [1], [-1], [3]]
    assert here.metrics.rows.count == 4


async def test_one_who_cannot_take_an_answer_takes_it_from_nobody(scene: Any) -> None:
    here = scene(batch_rows=2, batch_delay=1000.0)

    def refuse(_: Any) -> None:
        raise RuntimeError("gone")

    here.scheduler.submit(here.model, asking(here.model, 1), refuse)

    assert await here.ask(2) == [4]
    assert here.engine.runs == [[1, 2]]


async def test_one_who_leaves_a_batch_takes_nobody_along(scene: Any) -> None:
    here = scene(batch_rows=8)
    here.engine.gate.clear()
    asked = [here.ask(1), here.ask(2)]
    await here.running()

    asked[0].cancel()
    await asyncio.sleep(0.01)
    here.engine.gate.set()

    assert await asked[1] == [4]
    assert here.engine.stopped == 0


async def test_a_batch_that_everybody_has_left_is_stopped(scene: Any) -> None:
    here = scene(batch_rows=8)
    here.engine.gate.clear()
    asked = [here.ask(1), here.ask(2)]
    await here.running()

    for task in asked:
        task.cancel()

    await until(lambda: here.engine.stopped == 1)


async def test_a_model_that_does_not_answer_row_by_row_is_not_joined_again(scene: Any) -> None:
    here = scene(batch_rows=8)
    here.engine.lost_rows = 1

    assert [*await asyncio.gather(here.ask(1, 2), here.ask(3, 4))] == [[4], [8]]
    await asyncio.gather(here.ask(5, 6), here.ask(7, 8))

    assert here.engine.runs == [[1, 2, 3, 4], [1, 2], [3, 4], [5, 6], [7, 8]]


@pytest.mark.parametrize(
    "engine", [Doubler(shape=(1, None), rows=1), Doubler(shape=(3, None), rows=3)]
)
async def test_models_that_do_not_take_rows_are_never_joined(scene: Any, engine: Doubler) -> None:
    here = scene(engine, batch_rows=8)

    await asyncio.gather(here.ask(1), here.ask(2))

    assert engine.runs == [[1], [2]]


async def test_an_answer_is_remembered_and_not_computed_again(scene: Any) -> None:
    here = scene(cache_bytes=100_000)

    assert await here.ask(1) == [2]
    assert await here.send(asking(here.model, 1)._replace(id="another")) == [2]
    assert await here.ask(2) == [4]

    assert here.engine.runs == [[1], [2]]
    assert (here.metrics.cache_hits, here.metrics.cache_misses) == (1, 2)


async def test_failures_are_not_remembered(scene: Any) -> None:
    here = scene(cache_bytes=100_000)

    for _ in range(2):
        with pytest.raises(InferenceError):
            await here.ask(-1)

    assert here.engine.runs == [[-1], [-1]]


async def test_another_model_has_its_own_answers(scene: Any) -> None:
    here = scene(cache_bytes=100_000)
    await here.ask(1)
    here.model = served(here.engine)

    await here.ask(1)

    assert here.engine.runs == [[1], [1]]


async def test_what_is_remembered_in_a_batch_is_each_ones_own_part(scene: Any) -> None:
    here = scene(batch_rows=8, cache_bytes=100_000)
    await asyncio.gather(here.ask(1), here.ask(2))

    assert [*await asyncio.gather(here.ask(2), here.ask(1))] == [[4], [2]]
    assert here.engine.runs == [[1, 2]]


async def test_each_runs_time_and_wait_are_measured(scene: Any) -> None:
    here = scene()
    here.engine.seconds = 0.05

    await asyncio.gather(here.ask(1), here.ask(2))

    assert here.metrics.compute.count == 2
    assert here.metrics.compute.sum >= 0.1
    assert here.metrics.queue.count == 2
    assert here.metrics.queue.sum >= 0.04


def test_the_model_is_called_doubler() -> None:
    assert served(Doubler()).identity == Identity("doubler", "1", "")
