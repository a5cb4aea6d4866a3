"""What serving costs beyond the model: memory that stays where it is, and nothing while idle."""

import http.client
import json
import random
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from runtime_testing import models
from runtime_testing.serving import PROMPT, Server, infer, serving

PATH = "/v2/models/iris/infer"
USERS = 4


def rows(count: int) -> bytes:
    values = [round(random.random(), 6) for _ in range(4 * count)]
    return json.dumps(infer(X=("FP32", [count, 4], values))).encode()


def bodies() -> list[bytes]:
    """Good ones of all sizes, and bad ones."""
    good = [rows(count) for count in (1, 1, 1, 2, 7, 40, 300, 3000)]
    wrong: list[Any] = [[], {}, infer(X=("FP32", [1, 3], [1, 2, 3])), infer(Y=("FP32", [1], [1]))]
    return [*good, *[json.dumps(body).encode() for body in wrong], b"", b"{", b"[" * 5000]


def use(server: Server, requests: int) -> None:
    """Ask so many times, in both lanes, on a few connections."""
    chosen = bodies()

    def ask(user: int) -> None:
        order = random.Random(user)
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=PROMPT)
        for _ in range(requests // USERS):
            lane = order.choice(("", "?lane=asgi"))
            connection.request("POST", PATH + lane, order.choice(chosen))
            answer = connection.getresponse()
            answer.read()
            assert answer.status in (200, 400)
        connection.close()

    users = [threading.Thread(target=ask, args=(user,)) for user in range(USERS)]
    for thread in users:
        thread.start()
    for thread in users:
        thread.join()


def test_memory_stays_where_it_is_whatever_is_asked(
    save: Callable[[str, bytes], Path],
) -> None:
    with serving(save("iris", models.classifier()), "--batch-rows", "16") as server:
        use(server, 3000)
        before = server.metric("process_resident_memory_bytes")

        use(server, 6000)

        assert server.metric("process_resident_memory_bytes") < before * 1.05
        assert server.metric("slipway_requests_total") == 9000
        assert server.metric("slipway_requests_in_flight") == 0


def test_a_server_that_nobody_asks_does_nothing(save: Callable[[str, bytes], Path]) -> None:
    with serving(save("iris", models.classifier())) as server:
        use(server, 100)
        time.sleep(1)
        before = server.metric("process_cpu_seconds_total")

        time.sleep(4)

        assert server.metric("process_cpu_seconds_total") - before < 0.1
