"""Each limit of one request, set low, and clients that take their time."""

import gzip
import json
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

from runtime_testing import models
from runtime_testing.serving import PROMPT, Server, infer, serving

INFER = "/v2/models/small/infer"
A, B = ("FP32", [1, 4], [1, 2, 3, 4]), ("FP32", [1, 4], [0, 0, 0, 0])
REQUEST = infer(A=A, B=B)
LIMITS = {
    "body": "100Ki",
    "decompressed": "200Ki",
    "nesting": "10",
    "elements": "80",
    "head": "2Ki",
    "head-seconds": "1",
    "body-seconds": "1",
}


@pytest.fixture(scope="module")
def small(save: Callable[[str, bytes], Path]) -> Iterator[Server]:
    options = [word for name, value in LIMITS.items() for word in (f"--limit-{name}", value)]
    with serving(save("small", models.adder()), *options) as server:
        yield server


def refused(server: Server, status: int, words: str, **options: Any) -> None:
    answer = httpx.post(server.url + INFER, timeout=PROMPT, **options)
    assert answer.status_code == status, answer.text
    assert words in answer.json()["error"]
    is_served(server)


def is_served(server: Server) -> None:
    assert server.post(INFER, REQUEST).status_code == 200


def rows(count: int) -> dict[str, Any]:
    tensor = ("FP32", [count, 4], [1.0] * 4 * count)
    return infer(A=tensor, B=tensor)


def padded(size: int) -> bytes:
    return json.dumps({**REQUEST, "padding": "x" * size}).encode()


def test_a_body(small: Server) -> None:
    assert httpx.post(small.url + INFER, content=padded(90_000)).status_code == 200
    refused(small, 413, "the body is larger than", content=padded(110_000))


def test_a_compressed_body(small: Server) -> None:
    headers = {"content-encoding": "gzip"}
    good = gzip.compress(padded(190_000))
    assert httpx.post(small.url + INFER, content=good, headers=headers).status_code == 200
    refused(small, 413, "decompressed", content=gzip.compress(padded(210_000)), headers=headers)


def test_nesting(small: Server) -> None:
    def nested(levels: int) -> bytes:
        return b'{"deep":' + b"[" * levels + b"]" * levels + b"," + json.dumps(REQUEST).encode()[1:]

    assert httpx.post(small.url + INFER, content=nested(9)).status_code == 200
    refused(small, 400, "nested too deep: 10 levels", content=nested(10))


def test_elements(small: Server) -> None:
    assert small.post(INFER, rows(10)).status_code == 200
    refused(small, 413, "holds 88 values, 80 are allowed", json=rows(11))


@pytest.mark.parametrize("path", ["/v2", INFER])
def test_a_head(small: Server, path: str) -> None:
    for method, sizes in (("GET", (3000,)), ("POST", (400, 3000))):
        for size in sizes:
            headers = {"x-long": "x" * size}
            answer = httpx.request(
                method, small.url + path, headers=headers, content=padded(0), timeout=PROMPT
            )
            assert (answer.status_code == 431) is (size == 3000)
    assert "larger than 2 KiB" in answer.json()["error"]
    is_served(small)


def test_a_head_within_the_limit_before_a_body_beyond_it(small: Server) -> None:
    request = padded(50_000)
    good = HEAD + b"content-length: %d\r\nconnection: close\r\n\r\n" % len(request) + request
    assert until_closed(small, good)[0].startswith(b"HTTP/1.1 200 ")


HEAD = f"POST {INFER} HTTP/1.1\r\nhost: x\r\n".encode()


def until_closed(server: Server, begun: bytes, trickle: bytes = b"") -> tuple[bytes, float]:
    """Begin, perhaps go on a byte at a time; return what is answered, and after how long."""
    heard, started = b"", time.monotonic()
    with socket.create_connection(("127.0.0.1", server.port), timeout=0.1) as connection:
        connection.sendall(begun)
        while time.monotonic() - started < PROMPT:
            try:
                connection.sendall(trickle)
                chunk = connection.recv(4096)
            except TimeoutError:
                continue
            except ConnectionError:
                break
            if not chunk:
                break
            heard += chunk
    return heard, time.monotonic() - started


@pytest.mark.parametrize(
    ("begun", "trickle", "status"),
    [
        (b"", b"", b""),
        (b"\r\n", b"", b""),
        (b"", b"\r\n", b""),
        (b"GET", b"", b"408"),
        (HEAD, b"", b"408"),
        (HEAD + b"x-slow: ", b"x", b"408"),
        (HEAD + b"content-length: 1000\r\n\r\n", b"", b"408"),
        (HEAD + b"content-length: 1000\r\n\r\n", b"x", b"408"),
        (HEAD + b"transfer-encoding: chunked\r\n\r\n", b"1\r\nx\r\n", b"408"),
    ],
    ids=[
        "nothing",
        "a blank line",
        "blank lines for ever",
        "a part of a line",
        "half a head",
        "a head that trickles",
        "a body that does not come",
        "a body that trickles",
        "chunks that trickle",
    ],
)
def test_a_client_that_takes_its_time_is_not_waited_for(
    small: Server, begun: bytes, trickle: bytes, status: bytes
) -> None:
    heard, seconds = until_closed(small, begun, trickle)

    assert heard[9:12] == status, heard
    assert 0.9 < seconds < 10
    is_served(small)


def test_a_connection_that_has_been_served_may_idle(small: Server) -> None:
    with httpx.Client(base_url=small.url, timeout=PROMPT) as client:
        for _ in range(2):
            assert client.post(INFER, json=REQUEST).status_code == 200
            assert client.get("/v2").status_code == 200
            time.sleep(2)
        opened = client.post(INFER, json=REQUEST).extensions["network_stream"]
        assert opened is not None


def test_a_second_request_may_not_take_its_time_either(small: Server) -> None:
    request = json.dumps(REQUEST).encode()
    good = HEAD + b"content-length: %d\r\n\r\n" % len(request) + request
    heard, seconds = until_closed(small, good + b"POST /pre")

    assert heard.startswith(b"HTTP/1.1 200 ")
    assert b"HTTP/1.1 408 " in heard
    assert seconds < 10


def test_hundreds_of_slow_clients_hold_up_nobody(small: Server) -> None:
    with ExitStack() as held:
        for _ in range(300):
            address = ("127.0.0.1", small.port)
            connection = held.enter_context(socket.create_connection(address))
            connection.sendall(b"GET /v2 HTTP/1.1\r\nx")
        started = time.monotonic()
        for _ in range(20):
            is_served(small)
        assert time.monotonic() - started < 5


def test_an_answer_that_takes_its_time_is_no_reason_to_close(
    save: Callable[[str, bytes], Path],
) -> None:
    path = save("busy", models.busy())
    with serving(path, "--limit-head-seconds", "1", "--limit-body-seconds", "1") as server:
        work = infer(rounds=("INT64", [1, 1], [60_000]))
        started = time.monotonic()
        answer = httpx.post(server.url + "/v2/models/busy/infer", json=work, timeout=60)
        assert time.monotonic() - started > 1.1
        assert answer.status_code == 200
