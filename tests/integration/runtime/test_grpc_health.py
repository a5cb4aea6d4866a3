"""grpc.health.v1 and reflection: what probes, proxies and tools ask that know nothing of models."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from runtime_testing import calling, models
from runtime_testing.calling import Caller, raw
from runtime_testing.serving import ROOT, Server, serving, until
from slipway_runtime.messages import open_inference_pb2 as pb

SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING
SERVICES = ["", "inference.GRPCInferenceService"]


@pytest.fixture
def server(save: Callable[[str, bytes], Path]) -> Iterator[Server]:
    options = ("--grpc-port", "0", "--model-control", "--drain-seconds", "2")
    with serving(save("healthy", models.identity()), *options) as running:
        yield running


@pytest.fixture
def caller(server: Server) -> Iterator[Caller]:
    with calling.calling(server.grpc_port) as connected:
        yield connected


def health(caller: Caller, service: str = "") -> int:
    stub: Any = health_pb2_grpc.HealthStub(caller.channel)
    status: int = stub.Check(health_pb2.HealthCheckRequest(service=service), timeout=10).status
    return status


def control(caller: Caller, what: str) -> None:
    request = pb.RepositoryModelLoadRequest(model_name="healthy")
    caller.call(f"RepositoryModel{what}", request)


@pytest.mark.parametrize("service", SERVICES)
def test_a_ready_server_says_so(caller: Caller, service: str) -> None:
    assert health(caller, service) == SERVING


def test_an_unknown_service_is_not_found(caller: Caller) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        health(caller, "nothing")
    assert caught.value.code() is grpc.StatusCode.NOT_FOUND


def test_a_watch_sees_each_change_and_ends_with_the_server(server: Server, caller: Caller) -> None:
    stub: Any = health_pb2_grpc.HealthStub(caller.channel)
    watch = stub.Watch(health_pb2.HealthCheckRequest(service=SERVICES[1]), timeout=60)

    assert next(watch).status == SERVING
    control(caller, "Unload")
    assert next(watch).status == NOT_SERVING
    control(caller, "Load")
    assert next(watch).status == SERVING
    server.tell(signal.SIGTERM)
    assert next(watch).status == NOT_SERVING
    assert list(watch) == []
    assert server.code() == 0


def test_an_unloaded_model_is_not_ready_and_its_callers_are_told_to_come_back(
    caller: Caller,
) -> None:
    control(caller, "Unload")

    ready = pb.ModelReadyResponse.FromString(
        caller.call("ModelReady", pb.ModelReadyRequest(name="healthy"))
    )
    assert not ready.ready
    assert health(caller) == NOT_SERVING
    error = caller.refused("ModelInfer", raw("healthy", X=np.ones((1, 4), np.float32)))
    assert error.code() is grpc.StatusCode.UNAVAILABLE
    assert ("grpc-retry-pushback-ms", "1000") in error.trailing_metadata()

    control(caller, "Load")
    assert caller.infer(raw("healthy", X=np.ones((1, 4), np.float32))).model_name == "healthy"
    assert health(caller) == SERVING


def test_a_model_that_others_have_is_not_loaded(caller: Caller) -> None:
    error = caller.refused("RepositoryModelLoad", pb.RepositoryModelLoadRequest(model_name="other"))
    assert error.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert "failed to load 'other'" in error.details()


def test_it_answers_before_its_model_is_there(tmp_path: Path) -> None:
    """The model's file is a pipe that nobody has written to yet."""
    path = tmp_path / "slow.onnx"
    os.mkfifo(path)
    with serving(path, "--grpc-port", "0", wait=False) as server:
        until(lambda: "gRPC on port" in server.log.read_text(), "listening", server)
        with calling.calling(server.grpc_port) as caller:
            assert pb.ServerLiveResponse.FromString(caller.call("ServerLive")).live
            assert not pb.ServerReadyResponse.FromString(caller.call("ServerReady")).ready
            assert health(caller) == NOT_SERVING
            error = caller.refused("ModelInfer", raw("slow", X=np.ones((1, 4), np.float32)))
            assert error.code() is grpc.StatusCode.UNAVAILABLE


def test_a_tool_that_knows_nothing_finds_its_way(server: Server) -> None:
    """As grpcurl does: everything it knows of the messages has come by reflection."""
    program = Path(calling.__file__).with_name("reflecting.py")
    done = subprocess.run(
        [sys.executable, str(program), f"127.0.0.1:{server.grpc_port}"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=ROOT,
        env={},
    )
    assert done.stdout == "all is well\n", done.stderr
