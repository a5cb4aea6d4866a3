"""The load generator counts what really happened, against a real server on a real socket."""

import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.demo import load

SCRIPT = Path(load.__file__)


class Server(ThreadingHTTPServer):
    """A model server of the test: each request is answered as `behaviour` says."""

    request_queue_size = 128  # the default of 5 makes the kernel refuse whom a busy machine delays

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.connections = 0
        self.bodies: set[str] = set()
        self.behaviour = "answer"
        self.stall = 0.0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/predict"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def setup(self) -> None:
        super().setup()
        self.server.connections += 1

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.bodies.add(body.decode())
        time.sleep(self.server.stall)
        self.server.stall = 0
        if self.server.behaviour == "hang up":
            self.close_connection = True
            return
        self.send_response(200 if self.server.behaviour == "answer" else 503)
        self.send_header("x-slipway-version", "1.0.0")
        self.send_header("x-slipway-revision", "abc")
        self.send_header("content-length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as served:
        threading.Thread(target=served.serve_forever, daemon=True).start()
        yield served
        served.shutdown()


def test_every_answer_is_counted_with_its_version_and_revision(server: Server) -> None:
    summary = _summary(_run(server.url, rate=100, duration=0.5))

    assert (summary["sent"], summary["ok"], summary["failed"]) == (50, 50, 0), summary
    assert summary["by_version"] == {"1.0.0": 50}
    assert summary["by_revision"] == {"abc": 50}
    assert 0 < summary["p50_ms"] <= summary["p99_ms"] <= summary["max_ms"]
    assert server.bodies == {'{"x": 1}'}


@pytest.mark.parametrize(("share", "connections"), [("1", 4), ("0.5", 2 + 20), ("0", 40)])
def test_the_share_of_kept_connections_is_kept(
    share: str, connections: int, server: Server
) -> None:
    _run(server.url, "--users", "4", "--keepalive-share", share, rate=80, duration=0.5)

    assert server.connections == connections


@pytest.mark.parametrize(
    ("behaviour", "error"), [("refuse", "HTTP 503"), ("hang up", "RemoteProtocolError")]
)
def test_an_answer_that_is_none_is_a_failure_with_its_cause(
    behaviour: str, error: str, server: Server
) -> None:
    server.behaviour = behaviour

    done = _run(server.url, rate=40, duration=0.5)

    assert done.returncode == 1
    assert _summary(done)["failed"] == 20
    assert [why for why in _summary(done)["errors"] if why.startswith(error)]


def test_nobody_there_is_a_failure_too() -> None:
    done = _run("http://127.0.0.1:9/predict", rate=20, duration=0.2)

    assert done.returncode == 1
    assert _summary(done)["errors"] == {"ConnectError: All connection attempts failed": 4}


def test_each_second_has_a_line_and_the_lines_add_up(server: Server) -> None:
    done = _run(server.url, rate=50, duration=2.2)
    *seconds, summary = [json.loads(line) for line in done.stdout.splitlines()]

    assert [line["second"] for line in seconds][:2] == [1, 2]
    assert 0 < sum(line["ok"] for line in seconds) <= summary["ok"] == 110


def test_a_signal_ends_the_run_early_with_a_summary(server: Server) -> None:
    process = _start(server.url, rate=50, duration=60)
    assert process.stdout is not None
    process.stdout.readline()

    process.send_signal(signal.SIGTERM)
    out, _ = process.communicate(timeout=10)

    summary = json.loads(out.splitlines()[-1])
    assert process.returncode == 0
    assert summary["summary"] is True
    assert 50 <= summary["ok"] < 500


def test_latency_counts_from_when_a_request_was_due(server: Server) -> None:
    server.stall = 1

    summary = _summary(_run(server.url, "--users", "1", rate=20, duration=1))

    assert summary["ok"] == 20
    assert summary["p50_ms"] > 400, "the requests that waited behind the stall do not show it"


@pytest.mark.parametrize(
    "wrong", [["--rate", "0"], ["--users", "0"], ["--keepalive-share", "2"], ["--duration", "x"]]
)
def test_a_senseless_option_is_refused_by_name(wrong: list[str]) -> None:
    command = [sys.executable, str(SCRIPT), "--url", "http://x/", "--payload", "{}", *wrong]
    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.returncode == 2
    assert f"argument {wrong[0]}: invalid" in done.stderr


@given(st.floats(1, 500), st.floats(0.1, 30), st.integers(1, 40))
def test_all_users_together_send_each_request_once(
    rate: float, duration: float, users: int
) -> None:
    plan = load.Load("", "", rate, duration, 0.5, users, 1)
    due = sorted(moment for user in range(users) for moment in plan.due(user))

    assert due == [number / rate for number in range(round(rate * duration))]


@given(st.lists(st.floats(0, 10), min_size=1), st.integers(1, 100))
def test_a_percentile_is_a_latency_that_so_many_do_not_exceed(
    latencies: list[float], percent: int
) -> None:
    found = load.percentile(latencies, percent)
    within = sum(round(latency * 1000, 1) <= (found or 0) for latency in latencies)

    assert found in [round(latency * 1000, 1) for latency in latencies]
    assert within / len(latencies) >= percent / 100


def _command(url: str, *options: str, rate: float, duration: float) -> list[str]:
    fixed = ["--url", url, "--payload", '{"x": 1}', "--rate", str(rate)]
    return [sys.executable, str(SCRIPT), *fixed, "--duration", str(duration), *options]


def _run(url: str, *options: str, rate: float, duration: float) -> subprocess.CompletedProcess[str]:
    command = _command(url, *options, rate=rate, duration=duration)
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def _start(url: str, *options: str, rate: float, duration: float) -> subprocess.Popen[str]:
    command = _command(url, *options, rate=rate, duration=duration)
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def _summary(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    summary: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    assert summary.pop("summary") is True, done.stderr
    return summary
