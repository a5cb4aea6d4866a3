"""A running server and requests that are nearly good; the same ones every time."""

import random
import socket
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from runtime_testing import models
from runtime_testing.fuzzing import mutations
from runtime_testing.serving import PROMPT, Server, serving

INFER = "/v2/models/X/infer"
LARGE = 70_000
"""Bytes that put a request on the longer of the two ways."""


@pytest.fixture(scope="module")
def server(save: Callable[[str, bytes], Path]) -> Iterator[Server]:
    features = '[{"name": "X", "features": ["a", "b", "c"]}]'
    model = models.identity(shape=(None, 3))
    with serving(save("X", model), "--inputs", features) as made:
        yield made
        assert made.post("/predict", dict.fromkeys("abc", 1)).status_code == 200
        assert "Traceback" not in made.log.read_text()


def requests() -> Iterator[tuple[str, bytes, dict[str, str]]]:
    for target, path in (("json", INFER), ("simple", "/predict"), ("simple", "/predict/batch")):
        for number, data in enumerate(mutations(target, 250, seed=1)):
            yield path, data if number % 2 else data + b" " * LARGE, {}
    for data in mutations("binary", 250, seed=1):
        length = int.from_bytes(data[:2], "little")
        yield INFER, data[2:], {"inference-header-content-length": str(length)}
    for data in mutations("raw", 100, seed=1):
        yield INFER, data, {"inference-header-content-length": "0"}
    for data in mutations("gzip", 100, seed=1):
        yield INFER, data, {"content-encoding": "gzip"}


def test_nearly_good_bodies_are_answered_or_refused_in_words(server: Server) -> None:
    seen: Counter[int] = Counter()
    with httpx.Client(base_url=server.url, timeout=PROMPT) as client:
        for path, data, headers in requests():
            answer = client.post(path, content=data, headers=headers)

            seen[answer.status_code] += 1
            assert answer.status_code in (200, 400, 413), (answer.text, data)
            if answer.status_code != 200:
                assert answer.json().keys() == {"error"}
    assert seen[200] > 10
    assert seen[400] > 500


def test_nearly_good_http_is_answered_or_ended(server: Server) -> None:
    body = b'{"a": 1, "b": 2, "c": 3}'
    good = b"POST /predict HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n" % len(body) + body
    dice = random.Random(1)
    answered: Counter[bytes] = Counter()
    for _ in range(400):
        data = bytearray(good)
        for _ in range(dice.choice((1, 1, 2, 4))):
            at = dice.randrange(len(data))
            data[at : at + dice.choice((0, 1, 3))] = dice.randbytes(dice.choice((0, 1, 2)))
        answered[said(server, bytes(data))[9:12]] += 1
    assert answered[b"200"] > 10
    assert answered[b"400"] > 50
    assert not [status for status in answered if status.startswith(b"5")]


def said(server: Server, data: bytes) -> bytes:
    """Say this and no more; return the first that is answered within a moment."""
    address = ("127.0.0.1", server.port)
    with suppress(OSError), socket.create_connection(address, timeout=0.1) as connection:
        connection.sendall(data)
        return connection.recv(4096)
    return b""
