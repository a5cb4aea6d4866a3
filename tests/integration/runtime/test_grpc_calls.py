"""What happens to a call besides its message: it is late, cancelled, large, or the server ends."""

import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import pytest

from runtime_testing import models
from runtime_testing.calling import SERVICE, Caller, Request, calling, raw
from runtime_testing.serving import PROMPT, Server, command, environment, serving, until
from slipway_runtime.messages import open_inference_pb2 as pb

LONG = 400_000
"""Rounds that take most of a minute, wherever this runs."""


@pytest.fixture
def server(save: Callable[[str, bytes], Path]) -> Iterator[Server]:
    options = ("--grpc-port", "0", "--drain-seconds", "3", "--revision", "r7")
    with serving(save("busy", models.busy()), *options) as running:
        yield running


@pytest.fixture
def caller(server: Server) -> Iterator[Caller]:
    with calling(server.grpc_port) as connected:
        yield connected


def work(rounds: int) -> Request:
    return raw("busy", rounds=np.array([[rounds]], np.int64))


def idle(server: Server) -> bool:
    """Whether nothing is being computed any more."""

    def spent() -> float:
        return server.metric("process_cpu_seconds_total")

    before = spent()
    time.sleep(0.3)
    return spent() - before < 0.2


def test_answers_and_refusals_name_the_version_and_the_revision(caller: Caller) -> None:
    asking = caller.channel.unary_unary(f"{SERVICE}/ModelInfer")
    _, call = asking.with_call(work(1).SerializeToString())
    refused = caller.refused("ModelInfer", raw("other"))

    for trailing in (call.trailing_metadata(), refused.trailing_metadata()):
        assert {("x-slipway-version", "1"), ("x-slipway-revision", "r7")} <= set(trailing)


def test_a_late_call_is_computed_no_further(server: Server, caller: Caller) -> None:
    error = caller.refused("ModelInfer", work(LONG), timeout=0.3)

    assert error.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    until(lambda: idle(server), "idle", server)
    assert caller.infer(work(1)).model_name == "busy"
    assert server.metric("slipway_requests_total", endpoint="grpc", code="504") == 1


def test_a_cancelled_call_that_waits_is_never_computed(server: Server, caller: Caller) -> None:
    asking = caller.channel.unary_unary(f"{SERVICE}/ModelInfer")
    calls = [asking.future(work(LONG).SerializeToString()) for _ in range(20)]
    until(lambda: server.metric("slipway_requests_in_flight") == 20, "all there", server)
    for call in calls:
        call.cancel()

    until(lambda: server.metric("slipway_requests_in_flight") == 0, "all gone", server)
    until(lambda: idle(server), "idle", server)
    assert server.metric("slipway_requests_total", endpoint="grpc", code="499") == 20
    assert caller.infer(work(1)).model_name == "busy"


def test_a_client_that_vanishes_leaves_no_work_behind(server: Server) -> None:
    with calling(server.grpc_port) as gone:
        asking = gone.channel.stream_stream(f"{SERVICE}/ModelStreamInfer")
        hold = threading.Event()

        def messages() -> Iterator[bytes]:
            for _ in range(40):
                yield work(LONG).SerializeToString()
            hold.wait(PROMPT)

        stream = asking(messages())
        until(lambda: server.metric("slipway_requests_in_flight") > 20, "reading", server)
        stream.cancel()
        hold.set()

    until(lambda: server.metric("slipway_requests_in_flight") == 0, "all gone", server)
    until(lambda: idle(server), "idle", server)


def test_a_stream_takes_no_more_than_it_can_answer(server: Server, caller: Caller) -> None:
    asking = caller.channel.stream_stream(f"{SERVICE}/ModelStreamInfer")
    stream = asking(work(500).SerializeToString() for _ in range(80))
    seen = []
    for number in range(80):
        if number % 8 == 0:
            seen.append(server.metric("slipway_requests_in_flight"))
        answer = pb.ModelStreamInferResponse.FromString(next(stream))
        assert answer.error_message == ""

    assert max(seen) <= 33
    assert list(stream) == []


def test_too_many_calls_are_refused_and_told_to_come_back(
    save: Callable[[str, bytes], Path],
) -> None:
    with (
        serving(save("small", models.busy()), "--grpc-port", "0", "--queue", "2") as server,
        calling(server.grpc_port) as caller,
    ):
        asking = caller.channel.unary_unary(f"{SERVICE}/ModelInfer")
        message = raw("small", rounds=np.array([[LONG]], np.int64)).SerializeToString()
        calls = [asking.future(message) for _ in range(40)]
        first = next(call for call in _finished(calls))
        for call in calls:
            call.cancel()

    error = first.exception()
    assert error.code() is grpc.StatusCode.UNAVAILABLE
    assert "too many requests" in error.details()
    assert ("grpc-retry-pushback-ms", "1000") in error.trailing_metadata()


def _finished(calls: list[Any]) -> Iterator[Any]:
    deadline = time.monotonic() + PROMPT
    while time.monotonic() < deadline:
        yield from (call for call in calls if call.done())
        time.sleep(0.01)


def test_no_call_fails_while_the_server_drains(server: Server, caller: Caller) -> None:
    """Callers go on for most of the drain, as they do until their proxies have heard of it."""
    end = time.monotonic() + 2.5
    answered = []

    def ask() -> None:
        while time.monotonic() < end:
            answered.append(caller.infer(work(1)).model_name)

    with ThreadPoolExecutor(4) as users:
        asking = [users.submit(ask) for _ in range(4)]
        time.sleep(0.3)
        before = len(answered)
        server.tell(signal.SIGTERM)
        until(lambda: not _ready(caller), "not ready", server)
        for user in asking:
            user.result()

    assert len(answered) > before + 50
    assert server.code() == 0


def _ready(caller: Caller) -> bool:
    return pb.ServerReadyResponse.FromString(caller.call("ServerReady")).ready


def test_what_runs_at_the_end_is_answered_and_new_calls_are_unavailable(
    server: Server, caller: Caller
) -> None:
    with ThreadPoolExecutor(1) as users:
        server.tell(signal.SIGTERM)
        time.sleep(2)
        running = users.submit(caller.infer, work(120_000), timeout=60)
        until(lambda: _refuses(server.grpc_port), "refusing", None)
        assert not running.done(), "it was too short to show anything"
        assert running.result().model_name == "busy"

    assert server.code() == 0


def _refuses(port: int) -> bool:
    with calling(port, enable_retries=0) as newcomer:
        try:
            newcomer.call("ServerLive", timeout=2)
        except grpc.RpcError as error:
            return error.code() is grpc.StatusCode.UNAVAILABLE
    return False


def test_a_stream_that_idles_is_ended_with_the_server(server: Server, caller: Caller) -> None:
    hold = threading.Event()

    def messages() -> Iterator[bytes]:
        yield work(1).SerializeToString()
        hold.wait(PROMPT)

    stream = caller.channel.stream_stream(f"{SERVICE}/ModelStreamInfer")(messages())
    assert pb.ModelStreamInferResponse.FromString(next(stream)).error_message == ""
    started = time.monotonic()
    server.tell(signal.SIGTERM)
    with pytest.raises(grpc.RpcError) as caught:
        next(stream)
    hold.set()

    assert caught.value.code() is grpc.StatusCode.UNAVAILABLE
    assert "open a new stream" in str(caught.value.details())
    assert server.code() == 0
    assert time.monotonic() - started < 10


def test_a_port_that_is_taken_is_named(save: Callable[[str, bytes], Path], server: Server) -> None:
    path = save("second", models.busy())
    done = subprocess.run(
        command("serve", str(path), "--port", "0", "--grpc-port", str(server.grpc_port)),
        env=environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert f"cannot listen on port {server.grpc_port} for gRPC" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_process_without_a_grpc_port_imports_nothing_of_it(
    save: Callable[[str, bytes], Path],
) -> None:
    with serving(save("plain", models.identity())) as server:
        loaded = Path(f"/proc/{server.process.pid}/maps").read_text()

    assert "onnxruntime" in loaded
    assert "cygrpc" not in loaded
    assert "google/_upb" not in loaded
