"""The access log of a running server."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from runtime_testing import models
from runtime_testing.serving import PROMPT, Server, infer, serving, until

INFER = "/v2/models/logged/infer"
REQUEST = infer(A=("FP32", [1, 4], [1, 2, 3, 4]), B=("FP32", [1, 4], [0, 0, 0, 0]))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "access.log"


@pytest.fixture
def logged(save: Callable[[str, bytes], Path], file: Path) -> Iterator[Server]:
    options = ("--access-log", str(file), "--revision", "logged-00001")
    with serving(save("logged", models.adder()), *options) as server:
        yield server


def entries(file: Path, count: int) -> list[dict[str, Any]]:
    """Wait for so many lines, and see that there are no more."""
    until(lambda: len(file.read_text().splitlines()) >= count, f"{count} lines in {file}")
    found = [json.loads(line) for line in file.read_text().splitlines()]
    assert len(found) == count
    return found


def test_every_way_to_ask_is_in_the_log(logged: Server, file: Path) -> None:
    answer = logged.post(INFER, REQUEST, headers={"x-request-id": "mine"})
    padded = {**REQUEST, "parameters": {"padding": " " * 100_000}}
    logged.post(INFER, padded)
    logged.post("/predict", [1])
    logged.get("/v2/models/logged?key=secret")
    logged.get("/nothing")
    httpx.request("DELETE", logged.url + "/metrics", timeout=PROMPT)

    small, large, refused, metadata, nothing = entries(file, 5)
    assert answer.status_code == 200
    assert answer.headers["x-request-id"] == "mine"
    assert small == small | {
        "method": "POST",
        "path": INFER,
        "status": 200,
        "bytes_in": len(json.dumps(REQUEST, separators=(",", ":"))),
        "bytes_out": len(answer.content),
        "request_id": "mine",
        "revision": "logged-00001",
        "client": small["client"],
    }
    assert small["client"].endswith("127.0.0.1")
    assert 0 < small["milliseconds"] < 10_000
    assert (large["status"], large["bytes_in"] > 100_000) == (200, True)
    assert (refused["path"], refused["status"]) == ("/predict", 400)
    assert (metadata["path"], metadata["status"]) == ("/v2/models/logged", 200)
    assert (nothing["path"], nothing["status"]) == ("/nothing", 404)
    assert "secret" not in file.read_text()


def test_probes_are_not_in_it(logged: Server, file: Path) -> None:
    for path in ("/v2/health/live", "/v2/health/ready", "/v2/models/logged/ready", "/metrics"):
        logged.get(path)
    logged.get("/v2")

    assert [entry["path"] for entry in entries(file, 1)] == ["/v2"]


def test_probes_can_be_asked_for(save: Callable[[str, bytes], Path]) -> None:
    options = ("--access-log", "-", "--access-log-probes")
    with serving(save("logged", models.adder()), *options) as server:
        server.get("/v2/health/live")
        until(lambda: '"path":"/v2/health/live"' in server.log.read_text(), "a line", server)


def test_what_was_asked_last_is_written_before_the_end(logged: Server, file: Path) -> None:
    with httpx.Client(base_url=logged.url, timeout=PROMPT) as client:
        for _ in range(500):
            client.get("/v2")
    logged.process.send_signal(2)

    assert logged.code() == 0
    assert len(file.read_text().splitlines()) == 500


def test_a_log_that_cannot_be_written_ends_the_start(save: Callable[[str, bytes], Path]) -> None:
    path = save("logged", models.adder())
    with (
        pytest.raises(AssertionError, match=r"/nowhere/access.log cannot be opened"),
        serving(path, "--access-log", "/nowhere/access.log"),
    ):
        pass


def test_a_disk_that_is_full_fails_no_request(save: Callable[[str, bytes], Path]) -> None:
    with serving(save("logged", models.adder()), "--access-log", "/dev/full") as server:
        for _ in range(3):
            assert server.post(INFER, REQUEST).status_code == 200
        dropped = "slipway_access_log_dropped_total"
        until(lambda: server.metric(dropped) == 3, "dropped", server)
        assert "access log: cannot be written" in server.log.read_text()
