"""Ordinary requests take a short way, others a longer one: nobody sees which from outside."""

import json
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from runtime_testing import models
from runtime_testing.serving import PROMPT, Server, infer, serving, until

INFER = "/v2/models/iris/infer"
X = ("FP32", [1, 4], [1, 2, 3, 4])


@pytest.fixture(scope="module")
def iris(save: Callable[[str, bytes], Path]) -> Iterator[Server]:
    who = ("--model-version", "1.2.0", "--revision", "abc")
    with serving(save("iris", models.classifier()), *who) as server:
        yield server


GOOD = json.dumps(infer(X=X)).encode()
BODIES = {
    "a good one": GOOD,
    "with an id": json.dumps({**infer(X=X), "id": "a"}).encode(),
    "one output": json.dumps({**infer(X=X), "outputs": [{"name": "label"}]}).encode(),
    "a binary output": json.dumps(
        {**infer(X=X), "parameters": {"binary_data_output": True}}
    ).encode(),
    "nothing": b"",
    "not JSON": b"{",
    "a wrong shape": json.dumps(infer(X=("FP32", [1, 3], [1, 2, 3]))).encode(),
}


def told(answer: httpx.Response) -> tuple[int, bytes, dict[str, str]]:
    headers = {name: value for name, value in answer.headers.items() if name != "date"}
    assert "date" in answer.headers
    return answer.status_code, answer.content, headers


@pytest.mark.parametrize("path", [INFER, "/v2/models/iris/versions/1.2.0/infer", "/predict"])
@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_both_lanes_answer_in_the_same_way(iris: Server, path: str, body: bytes) -> None:
    fast = httpx.post(iris.url + path, content=body, timeout=PROMPT)
    asgi = httpx.post(iris.url + path + "?a=1", content=body, timeout=PROMPT)

    assert told(fast) == told(asgi)


def test_both_lanes_are_counted_in_the_same_way(iris: Server) -> None:
    for lane in ("", "?a=1"):
        before = iris.metric("slipway_requests_total", endpoint="infer")
        stages = iris.metric("slipway_stage_duration_seconds_count")
        assert httpx.post(iris.url + INFER + lane, content=GOOD).status_code == 200

        assert iris.metric("slipway_requests_total", endpoint="infer") == before + 1
        assert iris.metric("slipway_stage_duration_seconds_count") == stages + 4
        assert iris.metric("slipway_requests_in_flight") == 0


class Connection:
    """One connection, of which a test decides every byte."""

    def __init__(self, server: Server) -> None:
        self._socket = socket.create_connection(("127.0.0.1", server.port), PROMPT)
        self._file = self._socket.makefile("rb")

    def __enter__(self) -> "Connection":
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
        self._socket.close()

    def send(self, content: bytes) -> None:
        self._socket.sendall(content)

    def flood(self, content: bytes, most: int) -> int:
        """Send as much as the other side takes, and no more than this."""
        self._socket.settimeout(1)
        sent = 0
        with suppress(TimeoutError):
            while sent < most:
                sent += self._socket.send(content[sent % len(content) :])
        return sent

    def answer(self) -> tuple[int, dict[str, str], bytes]:
        status = int(self._file.readline().split()[1])
        headers: dict[str, str] = {}
        while (line := self._file.readline()) != b"\r\n":
            name, _, value = line.decode().partition(": ")
            headers[name] = value.strip()
        return status, headers, self._file.read(int(headers.get("content-length", 0)))

    def ended(self) -> bool:
        return self._file.read() == b""


def head(body: bytes = GOOD, path: str = INFER, version: str = "1.1", **headers: Any) -> bytes:
    lines = {"host": "test", "content-length": len(body), **headers}
    text = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in lines.items())
    return f"POST {path} HTTP/{version}\r\n{text}\r\n".encode()


def test_many_requests_on_one_connection_are_answered_one_by_one(iris: Server) -> None:
    with Connection(iris) as connection:
        for _ in range(3):
            for path in (INFER, INFER + "?a=1", "/v2/health/live"):
                if path.endswith("live"):
                    connection.send(f"GET {path} HTTP/1.1\r\nhost: test\r\n\r\n".encode())
                else:
                    connection.send(head(path=path) + GOOD)
                assert connection.answer()[0] == 200


def test_requests_sent_without_waiting_are_answered_in_their_order(iris: Server) -> None:
    named = [json.dumps({**infer(X=X), "id": str(number)}).encode() for number in range(6)]
    paths = [INFER, INFER + "?a=1"] * 3
    with Connection(iris) as connection:
        connection.send(
            b"".join(head(body, path) + body for body, path in zip(named, paths, strict=True))
        )
        answers = [json.loads(connection.answer()[2])["id"] for _ in named]

    assert answers == list("012345")


@pytest.mark.parametrize("pause", [0.05, 1.5])
def test_a_body_that_comes_late_and_in_pieces_is_waited_for(iris: Server, pause: float) -> None:
    with Connection(iris) as connection:
        connection.send(head())
        time.sleep(pause)
        connection.send(GOOD[:10])
        time.sleep(pause)
        connection.send(GOOD[10:] + head() + GOOD)

        assert connection.answer()[0] == 200
        assert connection.answer()[0] == 200
    until(lambda: iris.metric("slipway_requests_in_flight") == 0, "idle", iris)


def test_a_client_that_wants_to_close_is_obeyed(iris: Server) -> None:
    for start in (head(connection="close"), head(version="1.0")):
        with Connection(iris) as connection:
            connection.send(start + GOOD)

            status, answered, _ = connection.answer()

            assert status == 200
            assert answered["connection"] == "close"
            assert connection.ended()


def test_a_client_that_asks_before_it_sends_is_told_to_go_on(iris: Server) -> None:
    with Connection(iris) as connection:
        connection.send(head(expect="100-continue"))
        assert connection.answer()[0] == 100

        connection.send(GOOD)
        assert connection.answer()[0] == 200


def test_a_body_in_chunks_and_a_very_long_one_take_the_other_way(iris: Server) -> None:
    large = GOOD[:-1] + b" " * 100_000 + b"}"
    with Connection(iris) as connection:
        chunked = b"%x\r\n%s\r\n0\r\n\r\n" % (len(GOOD), GOOD)
        start = f"POST {INFER} HTTP/1.1\r\nhost: test\r\ntransfer-encoding: chunked\r\n\r\n"
        connection.send(start.encode() + chunked)
        assert connection.answer()[0] == 200

        connection.send(head(large) + large)
        assert connection.answer()[0] == 200


def test_who_reads_no_answers_is_read_no_further(iris: Server) -> None:
    flood = (head() + GOOD) * 100
    with Connection(iris) as connection:
        sent = connection.flood(flood, 100_000_000)
        assert iris.get("/v2/health/ready").status_code == 200

    assert sent < 100_000_000
    assert iris.metric("process_resident_memory_bytes") < 300_000_000
    until(lambda: iris.metric("slipway_requests_in_flight") == 0, "idle", iris)
