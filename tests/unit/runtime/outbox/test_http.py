import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler

import pytest

from runtime_testing.web import Web, answer, web
from slipway_runtime.outbox.http import HttpSink


@contextmanager
def sinking(*statuses: int) -> Iterator[tuple[Web, HttpSink, list[float]]]:
    """A web server that answers so, one request after the other, and a sink that posts to it."""
    left = list(statuses)

    def handle(request: BaseHTTPRequestHandler) -> None:
        request.rfile.read(int(request.headers["content-length"]))
        answer(left.pop(0))(request)

    pauses: list[float] = []
    with web(handle, "127.0.0.1") as server:
        sink = HttpSink(server.url + "/events", {"authorization": "Bearer x"}, pauses.append)
        yield server, sink, pauses
        sink.close()


def test_a_batch_is_one_json_array() -> None:
    bodies: list[bytes] = []

    def keep(request: BaseHTTPRequestHandler) -> None:
        bodies.append(request.rfile.read(int(request.headers["content-length"])))
        answer(202)(request)

    with web(keep, "127.0.0.1") as server:
        HttpSink(server.url, {}).write([b'{"a":1}', b'{"b":2}'])

    assert json.loads(bodies[0]) == [{"a": 1}, {"b": 2}]


def test_it_tries_again_while_the_server_is_busy() -> None:
    with sinking(503, 429, 200) as (server, sink, pauses):
        sink.write([b"1"])

    assert len(server.requests) == 3
    assert pauses == [0.0, 0.5, 2.0]
    assert server.requests[0].headers["authorization"] == "Bearer x"


def test_it_gives_up_on_a_server_that_stays_busy() -> None:
    with sinking(503, 503, 503) as (_, sink, _), pytest.raises(OSError, match="answers 503"):
        sink.write([b"1"])


@pytest.mark.parametrize("status", [301, 400, 401, 404])
def test_it_does_not_repeat_what_is_refused(status: int) -> None:
    with sinking(status) as (server, sink, _):
        with pytest.raises(OSError, match=f"answers {status}"):
            sink.write([b"1"])
        assert len(server.requests) == 1


def test_a_server_that_is_not_there_is_an_error() -> None:
    sink = HttpSink("http://127.0.0.1:9", {}, lambda _: None)
    with pytest.raises(OSError, match="ConnectError"):
        sink.write([b"1"])
