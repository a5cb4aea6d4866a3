"""What waits, runs, is joined, remembered, ended and refused, in the real server.

Each holds in both lanes: a query makes a request take the way through the ASGI application.
"""

import asyncio
import json
import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from runtime_testing import models
from runtime_testing.serving import PROMPT, Server, infer, serving, until

SaveModel = Callable[[str, bytes], Path]

LANES = pytest.mark.parametrize("lane", ["", "?lane=asgi"], ids=["fast", "asgi"])
BUSY = "/v2/models/busy/infer"
THREADS = len(os.sched_getaffinity(0))
LONG = 1_000_000
"""Rounds that nobody waits for the end of."""


@pytest.fixture(scope="module")
def patient(save: SaveModel) -> Iterator[Server]:
    """Join rows that come within half a second."""
    options = ("--batch-rows", "64", "--batch-delay-ms", "500")
    with serving(save("picky", models.picky()), *options) as server:
        yield server


@pytest.fixture
def busy(save: SaveModel) -> Iterator[Server]:
    options = ("--queue", "1", "--timeout-seconds", "15")
    with serving(save("busy", models.busy()), *options) as server:
        yield server


def pick(*indices: int) -> dict[str, Any]:
    return infer(X=("INT64", [len(indices), 1], indices))


def work(rounds: int, **parameters: Any) -> dict[str, Any]:
    return {**infer(rounds=("INT64", [1, 1], [rounds])), "parameters": parameters}


async def ask(server: Server, path: str, *bodies: Any) -> list[httpx.Response]:
    """Ask all at once, each on a connection of its own."""
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=0)
    async with httpx.AsyncClient(base_url=server.url, timeout=PROMPT, limits=limits) as client:
        return await asyncio.gather(*[client.post(path, json=body) for body in bodies])


def runs(server: Server) -> float:
    return server.metric("slipway_batch_rows_count")


@contextmanager
def calling(server: Server, lane: str, body: Any) -> Iterator[None]:
    """Send a request, and leave without having waited for the answer."""
    content = json.dumps(body).encode()
    head = f"POST {BUSY}{lane} HTTP/1.1\r\nhost: test\r\ncontent-length: {len(content)}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        connection.sendall(head.encode() + content)
        yield


@contextmanager
def occupied(server: Server, lane: str) -> Iterator[None]:
    """Give every thread more to do than anybody waits for."""
    with ExitStack() as calls:
        for _ in range(THREADS):
            calls.enter_context(calling(server, lane, work(LONG)))
        until(lambda: in_flight(server) == THREADS, "busy", server)
        until(lambda: waiting(server) == 0, "running", server)
        yield


def in_flight(server: Server) -> float:
    return server.metric("slipway_requests_in_flight")


def waiting(server: Server) -> float:
    return server.metric("slipway_queue_length")


@LANES
async def test_requests_that_come_together_are_computed_together(
    patient: Server, lane: str
) -> None:
    before = runs(patient), patient.metric("slipway_batch_rows_sum")

    path = f"/v2/models/picky/infer{lane}"
    answers = await ask(patient, path, *[pick(number % 3, 0) for number in range(20)])

    for number, answer in enumerate(answers):
        assert answer.json()["outputs"][0]["data"] == [10 * (number % 3 + 1), 10]
    assert runs(patient) - before[0] < 5
    assert patient.metric("slipway_batch_rows_sum") - before[1] == 40


@LANES
async def test_a_bad_row_fails_alone(patient: Server, lane: str) -> None:
    path = f"/v2/models/picky/infer{lane}"
    answers = await ask(patient, path, pick(0), pick(3), pick(1), pick(2))

    assert [answer.status_code for answer in answers] == [200, 400, 200, 200]
    assert "indices" in answers[1].json()["error"]
    assert [a.json()["outputs"][0]["data"] for a in answers if a.is_success] == [[10], [20], [30]]


@LANES
async def test_one_alone_waits_for_others_as_long_as_told(patient: Server, lane: str) -> None:
    started = time.monotonic()

    (answer,) = await ask(patient, f"/v2/models/picky/infer{lane}", pick(0))

    assert answer.status_code == 200
    assert time.monotonic() - started >= 0.5


@LANES
def test_those_who_leave_are_not_worked_for(busy: Server, lane: str) -> None:
    """Whoever runs is stopped, whoever waits never runs, and the next is served."""
    with occupied(busy, lane):
        with calling(busy, lane, work(LONG)):
            until(lambda: waiting(busy) == 1, "waiting", busy)
        until(lambda: waiting(busy) == 0, "forgotten", busy)

    answer = busy.post(BUSY + lane, work(1))

    assert answer.status_code == 200
    until(lambda: in_flight(busy) == 0, "idle", busy)
    assert runs(busy) == THREADS + 1
    assert busy.metric("slipway_requests_total", code="499") == THREADS + 1


@LANES
def test_a_full_queue_refuses_and_the_next_is_served(busy: Server, lane: str) -> None:
    with occupied(busy, lane), calling(busy, lane, work(LONG)):
        until(lambda: waiting(busy) == 1, "waiting", busy)

        refused = busy.post(BUSY + lane, work(1))
        assert refused.status_code == 503
        assert refused.headers["retry-after"] == "1"
        assert "too many requests" in refused.json()["error"]
        assert busy.get("/v2/health/ready").status_code == 200

    assert busy.post(BUSY + lane, work(1)).status_code == 200


@LANES
def test_who_does_not_want_to_wait_is_told_in_time(busy: Server, lane: str) -> None:
    with occupied(busy, lane):
        started = time.monotonic()
        late = busy.post(BUSY + lane, work(1, timeout=300_000))
        assert time.monotonic() - started >= 0.3

    assert late.status_code == 504
    assert late.json() == {"error": "there was no answer within 0.3 seconds"}
    assert busy.post(BUSY + lane, work(1, timeout=10_000_000)).status_code == 200


@LANES
def test_what_runs_too_long_is_stopped(save: SaveModel, lane: str) -> None:
    with serving(save("busy", models.busy()), "--timeout-seconds", "0.5") as server:
        late = server.post(BUSY + lane, work(LONG))
        assert late.status_code == 504

        cpu = server.metric("process_cpu_seconds_total")
        time.sleep(1)
        assert server.metric("process_cpu_seconds_total") - cpu < 0.5, "it still runs"
        assert server.post(BUSY + lane, work(1)).status_code == 200


@LANES
def test_an_answer_is_remembered_whatever_the_request_is_called(save: SaveModel, lane: str) -> None:
    with serving(save("picky", models.picky()), "--cache", "1Mi") as server:
        path = f"/v2/models/picky/infer{lane}"
        answers = [server.post(path, {**pick(1), "id": name}).json() for name in ("a", "b")]
        other = server.post(path, pick(2)).json()

        assert [answer.pop("id") for answer in answers] == ["a", "b"]
        assert answers[0] == answers[1]
        assert other["outputs"][0]["data"] == [30]
        assert server.metric("slipway_cache_lookups_total", result="hit") == 1
        assert server.metric("slipway_cache_lookups_total", result="miss") == 2
        assert runs(server) == 2
