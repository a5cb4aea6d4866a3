import json
import re
from pathlib import Path
from typing import Any

import pytest

from slipway_runtime.server.access_log import (
    AccessLog,
    Logged,
    Note,
    line,
    request_id,
)
from slipway_runtime.server.settings import AccessLogSettings

NOTE = Note(1767323045.678, "POST", "/predict", 200, 0.0012345, 10, 20, "abc", "192.0.2.1")


def test_a_line_says_who_asked_what_and_how_it_went() -> None:
    written = line(NOTE, "iris-00001")

    assert written.endswith(b"}\n")
    assert json.loads(written) == {
        "time": "2026-01-02T03:04:05.678Z",
        "method": "POST",
        "path": "/predict",
        "status": 200,
        "milliseconds": 1.234,
        "bytes_in": 10,
        "bytes_out": 20,
        "request_id": "abc",
        "revision": "iris-00001",
        "client": "192.0.2.1",
    }


def test_a_path_cannot_forge_a_line() -> None:
    forged = Note(0, "GET", '/\n{"status":200}\u2028', 404, 0, 0, 0, "", "")
    assert line(forged, "").count(b"\n") == 1


def test_an_id_is_kept_where_it_is_sound_and_made_where_it_is_not() -> None:
    assert request_id([(b"x-request-id", b"a-b_c.1")]) == b"a-b_c.1"
    for bad in (b"", b"two words", b"caf\xe9", b"x" * 129, b"a\r\nb"):
        assert re.fullmatch(rb"[0-9a-f]{16}", request_id([(b"x-request-id", bad)]))
    assert request_id([]) != request_id([])


async def app(_: Any, receive: Any, send: Any) -> None:
    await receive()
    await send({"type": "http.response.start", "status": 201, "headers": []})
    await send({"type": "http.response.body", "body": b"four", "more_body": True})
    await send({"type": "http.response.body", "body": b"", "more_body": False})


async def gone(_: Any, __: Any, ___: Any) -> None:
    return


async def ask(target: Any, path: str) -> list[Any]:
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"secret", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": path,
        "query_string": b"key=secret",
        "headers": [(b"x-request-id", b"abc"), (b"authorization", b"secret")],
        "client": ("192.0.2.1", 1),
    }
    await target(scope, receive, send)
    return sent


async def lines(
    tmp_path: Path, paths: list[str], application: Any = app, probes: bool = False
) -> tuple[list[dict[str, Any]], list[Any]]:
    log = AccessLog(AccessLogSettings(str(tmp_path / "log"), probes), "r1", lambda _: None)
    sent: list[Any] = []
    for path in paths:
        sent += await ask(Logged(application, log), path)
    log.close(5)
    text = (tmp_path / "log").read_text()
    assert "secret" not in text
    return [json.loads(entry) for entry in text.splitlines()], sent


async def test_each_request_makes_one_line_with_what_was_counted(tmp_path: Path) -> None:
    [entry], sent = await lines(tmp_path, ["/predict"])

    assert (entry["status"], entry["bytes_in"], entry["bytes_out"]) == (201, 6, 4)
    assert (entry["request_id"], entry["client"], entry["revision"]) == ("abc", "192.0.2.1", "r1")
    assert (b"x-request-id", b"abc") in sent[0]["headers"]


async def test_a_client_that_left_is_told_by_its_status(tmp_path: Path) -> None:
    [entry], _ = await lines(tmp_path, ["/predict"], gone)
    assert entry["status"] == 499


@pytest.mark.parametrize(("probes", "count"), [(False, 1), (True, 4)])
async def test_probes_and_scrapes_are_there_when_asked_for(
    tmp_path: Path, probes: bool, count: int
) -> None:
    paths = ["/v2/health/live", "/v2/models/iris/ready", "/metrics", "/v2/models/iris"]
    entries, _ = await lines(tmp_path, paths, probes=probes)
    assert len(entries) == count
    assert entries[-1]["path"] == "/v2/models/iris"
