"""More than it can take: answers, bounded memory, and probes that do not wait."""

import asyncio
import http.client
import json
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from runtime_testing.serving import PROMPT, Server, infer

INFER = "/v2/models/busy/infer"


def work(rounds: int) -> bytes:
    """A hundred rounds are about ten milliseconds of work for one thread."""
    return json.dumps(infer(rounds=("INT64", [1, 1], [rounds]))).encode()


@contextmanager
def probing(server: Server) -> Iterator[list[float]]:
    """Probe liveness all the time; yield how long each answer took."""
    times: list[float] = []
    done = threading.Event()

    def probe() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=PROMPT)
        while not done.wait(0.01):
            started = time.monotonic()
            connection.request("GET", "/v2/health/live")
            assert connection.getresponse().read() == b'{"live":true}'
            times.append(time.monotonic() - started)
        connection.close()

    thread = threading.Thread(target=probe)
    thread.start()
    try:
        yield times
    finally:
        done.set()
        thread.join()


async def test_too_many_requests_are_refused_at_once_and_probes_answered(busy: Server) -> None:
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=0)
    with probing(busy) as times:
        async with httpx.AsyncClient(base_url=busy.url, timeout=120, limits=limits) as client:
            ask = [client.post(INFER, content=work(100)) for _ in range(400)]
            answers = await asyncio.gather(*ask)
            again = await client.post(INFER, content=work(1))

    codes = Counter(answer.status_code for answer in answers)
    assert set(codes) == {200, 503}
    assert codes[200] >= 256
    refused = next(answer for answer in answers if answer.status_code == 503)
    assert refused.headers["retry-after"] == "1"
    assert "too many requests" in refused.json()["error"]
    assert max(times) < 1, "a probe waited"
    assert again.status_code == 200


def test_probes_do_not_wait_for_large_bodies(busy: Server) -> None:
    large = json.dumps({"inputs": [{"name": "x", "data": [0.5] * 1_500_000}]}).encode()
    with probing(busy) as times:
        for _ in range(3):
            answer = httpx.post(busy.url + INFER, content=large, timeout=PROMPT)
            assert answer.status_code == 400

    assert max(times) < 1, "a probe waited"
