"""SIGTERM under load: no request fails, on connections old or new."""

import asyncio
import json
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from runtime_testing import models
from runtime_testing.serving import PROMPT, Server, infer, serving

REQUEST = json.dumps(infer(A=("FP32", [1, 4], [1, 2, 3, 4]), B=("FP32", [1, 4], [1] * 4))).encode()
PATH = "/v2/models/adder/infer"


@pytest.fixture
def server(save: Callable[[str, bytes], Path]) -> Iterator[Server]:
    with serving(save("adder", models.adder()), "--drain-seconds", "6") as running:
        yield running


@dataclass
class Users:
    """Clients that ask all the time, half of them on connections that they keep."""

    url: str
    answered: int = 0
    failed: list[str] = field(default_factory=list)
    told_to_close: int = 0

    async def ask(self, until: Callable[[], bool], keep: bool) -> None:
        limits = httpx.Limits(max_keepalive_connections=1 if keep else 0)
        async with httpx.AsyncClient(base_url=self.url, timeout=PROMPT, limits=limits) as client:
            while not until():
                await self._once(client)
                await asyncio.sleep(0.005)

    async def _once(self, client: httpx.AsyncClient) -> None:
        try:
            answer = await client.post(PATH, content=REQUEST)
        except httpx.TransportError as error:
            self.failed.append(repr(error))
            return
        if answer.status_code != 200:
            self.failed.append(f"{answer.status_code} {answer.text}")
        self.answered += 1
        self.told_to_close += answer.headers.get("connection") == "close"


async def test_no_request_fails_while_the_server_drains(server: Server) -> None:
    """Users go on for most of the drain, as they do until their proxies have heard of it."""
    end = time.monotonic() + 6.0
    users = Users(server.url)
    clients = [
        asyncio.create_task(users.ask(lambda: time.monotonic() > end, keep))
        for keep in (True, False) * 8
    ]
    await asyncio.sleep(1)
    before = users.answered
    server.tell(signal.SIGTERM)
    await asyncio.gather(*clients)

    assert users.failed == []
    assert users.answered > before + 100
    assert users.told_to_close > 100
    assert await asyncio.to_thread(server.code) == 0


def test_it_is_not_ready_at_once_but_alive_to_the_end(server: Server) -> None:
    server.tell(signal.SIGTERM)
    deadline = time.monotonic() + 0.5
    while server.get("/v2/health/ready").status_code == 200:
        assert time.monotonic() < deadline

    refused = server.get("/v2/health/ready")
    assert refused.status_code == 503
    assert "draining" in refused.json()["error"]
    for path in ("/v2/health/live", "/v2", "/", "/metrics"):
        answer = server.get(path)
        assert answer.status_code == 200
        assert answer.headers["connection"] == "close"


def test_a_connection_that_idles_is_open_until_the_end(server: Server) -> None:
    with httpx.Client(base_url=server.url, timeout=PROMPT) as client:
        assert client.post(PATH, content=REQUEST).status_code == 200
        server.tell(signal.SIGTERM)
        time.sleep(5.4)

        answer = client.post(PATH, content=REQUEST)

    assert answer.status_code == 200
    assert answer.headers["connection"] == "close"
    assert server.code() == 0


def test_a_request_that_runs_at_the_end_is_answered(busy: Server) -> None:
    answers: list[httpx.Response] = []
    request = infer(rounds=("INT64", [1, 1], [40_000]))

    def ask() -> None:
        answers.append(httpx.post(busy.url + "/v2/models/busy/infer", json=request, timeout=80))

    busy.tell(signal.SIGTERM)
    time.sleep(5)
    asking = threading.Thread(target=ask)
    asking.start()
    asking.join()

    assert answers[0].status_code == 200
    assert busy.code() == 0


def test_it_ends_early_when_nobody_is_connected(
    save: Callable[[str, bytes], Path],
) -> None:
    with serving(save("early", models.adder()), "--drain-seconds", "60") as server:
        started = time.monotonic()
        server.tell(signal.SIGTERM)

        assert server.code() == 0
        assert 5 <= time.monotonic() - started < 8


def test_it_waits_for_those_who_are_connected_but_no_longer_than_told(
    save: Callable[[str, bytes], Path],
) -> None:
    with (
        serving(save("patient", models.adder()), "--drain-seconds", "6") as server,
        socket.create_connection(("127.0.0.1", server.port)),
    ):
        started = time.monotonic()
        server.tell(signal.SIGTERM)

        assert server.code() == 0
        assert 6 <= time.monotonic() - started < 9


def test_an_interrupt_ends_it_at_once(server: Server) -> None:
    started = time.monotonic()
    server.tell(signal.SIGINT)

    assert server.code() == 0
    assert time.monotonic() - started < 2
