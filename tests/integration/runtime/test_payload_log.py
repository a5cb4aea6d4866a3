"""Payloads that are logged to a file and to web servers, good ones and dead ones."""

import base64
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from runtime_testing import models
from runtime_testing.serving import PROMPT, Server, infer, serving, until
from runtime_testing.web import answer, web

INFER = "/v2/models/noted/infer"
REQUEST = infer(A=("FP32", [1, 4], [1, 2, 3, 4]), B=("FP32", [1, 4], [0, 0, 0, 0]))
DROPPED = "slipway_payload_log_dropped_total"


@pytest.fixture
def model(save: Callable[[str, bytes], Path]) -> Path:
    return save("noted", models.adder())


def binary_request() -> tuple[bytes, dict[str, str]]:
    raw = np.arange(4, dtype=np.float32).tobytes()
    inputs = [
        {
            "name": name,
            "datatype": "FP32",
            "shape": [1, 4],
            "parameters": {"binary_data_size": len(raw)},
        }
        for name in ("A", "B")
    ]
    head = json.dumps({"inputs": inputs}).encode()
    return head + raw + raw, {"inference-header-content-length": str(len(head))}


def events(file: Path, count: int) -> list[dict[str, Any]]:
    until(lambda: file.exists() and len(file.read_bytes().splitlines()) >= count, "events")
    found = [json.loads(line) for line in file.read_bytes().splitlines()]
    assert len(found) == count
    return found


def test_a_file_has_what_was_asked_and_answered(model: Path, tmp_path: Path) -> None:
    file = tmp_path / "payloads.jsonl"
    with serving(model, "--payload-log", str(file), "--revision", "noted-00001") as server:
        answered = server.post(INFER, REQUEST)
        refused = server.post("/predict", {"A": "text"})
        body, headers = binary_request()
        binary = server.post(INFER, content=body, headers=headers)
        server.get("/v2/models/noted")

        first, second, third = events(file, 3)
    assert first["source"] == "/v2/models/noted/versions/1"
    assert first["revision"] == "noted-00001"
    assert first["data"]["request"]["json"] == REQUEST
    assert first["data"]["response"]["json"] == answered.json()
    assert second["subject"] == "/predict"
    assert second["data"]["status"] == refused.status_code == 400
    assert second["data"]["response"]["json"] == refused.json()
    assert binary.status_code == 200
    assert base64.b64decode(third["data"]["request"]["base64"]) == body


def test_a_file_is_put_aside_before_it_grows_too_large(model: Path, tmp_path: Path) -> None:
    file = tmp_path / "payloads.jsonl"
    with (
        serving(model, "--payload-log", str(file), "--payload-log-file-size", "20Ki") as server,
        httpx.Client(base_url=server.url, timeout=PROMPT) as client,
    ):
        for _ in range(200):
            client.post(INFER, json=REQUEST)
            time.sleep(0.005)
        until(lambda: (tmp_path / "payloads.jsonl.1").exists(), "put aside")
    for path in tmp_path.iterdir():
        assert path.stat().st_size <= 40 * 1024
        assert all(json.loads(line) for line in path.read_bytes().splitlines())


def test_a_share_is_a_share(model: Path, tmp_path: Path) -> None:
    file = tmp_path / "payloads.jsonl"
    options = ("--payload-log", str(file), "--payload-log-share", "0.25")
    with serving(model, *options) as server:
        with httpx.Client(base_url=server.url, timeout=PROMPT) as client:
            for _ in range(400):
                client.post(INFER, json=REQUEST)
        server.process.send_signal(2)
        assert server.code() == 0
    assert 50 < len(file.read_bytes().splitlines()) < 150


def test_a_web_server_gets_batches_of_events(model: Path) -> None:
    batches: list[Any] = []
    heads: list[Any] = []

    def keep(request: BaseHTTPRequestHandler) -> None:
        heads.append(request.headers)
        batches.append(json.loads(request.rfile.read(int(request.headers["content-length"]))))
        answer(202)(request)

    env = {"SLIPWAY_PAYLOAD_LOG_AUTHORIZATION": "Bearer sink"}
    with (
        web(keep, "127.0.0.1") as sink,
        serving(model, "--payload-log", sink.url + "/events", env=env) as server,
    ):
        for _ in range(20):
            assert server.post(INFER, REQUEST).status_code == 200
        until(lambda: sum(map(len, batches)) == 20, "delivered")

    assert heads[0]["content-type"] == "application/cloudevents-batch+json"
    assert heads[0]["authorization"] == "Bearer sink"
    assert len({event["id"] for batch in batches for event in batch}) == 20


@pytest.fixture
def silent() -> Iterator[str]:
    """A server that takes connections and requests, and never answers."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        held: list[socket.socket] = []

        def accept() -> None:
            while True:
                try:
                    held.append(listener.accept()[0])
                except OSError:
                    return

        threading.Thread(target=accept, daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/events"
        for connection in held:
            connection.close()


def hammer(server: Server, seconds: float) -> list[float]:
    """Ask all the time; return how long each answer took."""
    times: list[float] = []
    with httpx.Client(base_url=server.url, timeout=PROMPT) as client:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            started = time.monotonic()
            assert client.post(INFER, json=REQUEST).status_code == 200
            times.append(time.monotonic() - started)
    return sorted(times)


def test_a_sink_that_never_answers_slows_no_request_and_takes_no_more_memory(
    model: Path, silent: str
) -> None:
    options = ("--payload-log", silent, "--payload-log-queue", "256Ki")
    with serving(model, *options) as server:
        hammer(server, 0.5)
        until(lambda: server.metric(DROPPED) > 0, "the queue is full", server)
        before = server.metric("process_resident_memory_bytes")

        times = hammer(server, 3)

        assert times[len(times) // 2] < 0.05
        assert server.metric("process_resident_memory_bytes") - before < 8 * 2**20
        assert server.metric(DROPPED) > 100


def test_a_sink_that_is_not_there_fails_no_request(model: Path) -> None:
    with serving(model, "--payload-log", "http://127.0.0.1:9/events") as server:
        hammer(server, 0.5)
        words = "payload log: cannot be written"
        until(lambda: words in server.log.read_text(), "told", server)
        assert server.log.read_text().count(words) == 1
        assert server.metric(DROPPED) > 0


def test_the_end_waits_for_no_sink(model: Path, silent: str) -> None:
    with serving(model, "--payload-log", silent) as server:
        hammer(server, 0.3)
        started = time.monotonic()
        server.process.send_signal(2)
        assert server.code() == 0
        assert time.monotonic() - started < 6
