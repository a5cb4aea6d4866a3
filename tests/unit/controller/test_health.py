"""The probes tell the truth: over real HTTP, with a clock that the test moves."""

from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web

from slipway_operator.health import SILENT_AFTER, STUCK_AFTER, Health, serve


class Operator:
    """A health page under test."""

    def __init__(self, health: Health, runner: web.AppRunner) -> None:
        self.health = health
        port = next(port for host, port, *_ in runner.addresses if ":" not in host)
        self._base = f"http://127.0.0.1:{port}"
        self.now = 0.0

    async def asked(self, path: str) -> tuple[int, str]:
        async with aiohttp.ClientSession() as session, session.get(self._base + path) as answer:
            return answer.status, await answer.text()


@pytest.fixture
async def operator() -> AsyncIterator[Operator]:
    clock = [0.0]
    health = Health(lambda: clock[0])
    runner = await serve(health, 0)
    found = Operator(health, runner)
    health.clock = lambda: found.now
    yield found
    await runner.cleanup()


async def test_a_standby_that_reaches_the_api_server_is_alive_and_ready(
    operator: Operator,
) -> None:
    operator.health.prepare(True)
    operator.health.answered()

    assert await operator.asked("/livez") == (200, "ok\n")
    assert await operator.asked("/readyz") == (200, "ok\n")


async def test_a_loop_that_stands_still_is_fatal(operator: Operator) -> None:
    operator.health.beat("watch of pods")
    operator.now = STUCK_AFTER + 1

    status, words = await operator.asked("/livez")

    assert status == 503
    assert words == "watch of pods is stuck\n"


async def test_an_api_server_that_is_away_makes_it_unready_but_not_dead(
    operator: Operator,
) -> None:
    operator.health.prepare(True)
    operator.health.answered()
    operator.now = SILENT_AFTER + 1

    assert (await operator.asked("/livez"))[0] == 200
    assert await operator.asked("/readyz") == (503, "the API server does not answer\n")


async def test_without_the_crd_it_is_not_ready(operator: Operator) -> None:
    operator.health.answered()

    status, words = await operator.asked("/readyz")

    assert status == 503
    assert "CRD" in words


async def test_metrics_are_served(operator: Operator) -> None:
    status, text = await operator.asked("/metrics")

    assert status == 200
    assert "slipway_operator_queue_depth" in text
    assert "process_resident_memory_bytes" in text
