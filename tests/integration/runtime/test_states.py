"""From the start of the process to readiness, and the ways in which it never gets there."""

import json
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from onnx import helper

from runtime_testing import models
from runtime_testing.serving import PROMPT, Server, command, environment, infer, serving, until

SaveModel = Callable[[str, bytes], Path]


@pytest.fixture
def slow_to_warm(save: SaveModel) -> Path:
    """A model that needs seconds to warm up, with many requests of a moment each."""
    return save("slow", models.busy())


SLOW = ("--warmup-requests", "40", "--inputs", '[{"name": "rounds", "values": [1500]}]')


def test_it_is_alive_while_it_loads_and_ready_only_when_warm(slow_to_warm: Path) -> None:
    with serving(slow_to_warm, *SLOW, wait=False) as server:
        until(lambda: "warming" in server.get("/v2/health/ready").text, "warming", server)

        assert server.get("/v2/health/live").json() == {"live": True}
        ready = server.get("/v2/health/ready")
        assert ready.status_code == 503
        assert ready.headers["retry-after"] == "1"
        assert server.get("/v2/models/slow/ready").status_code == 503
        assert server.get("/v2/models/slow").status_code == 503
        refused = server.post("/v2/models/slow/infer", infer(rounds=("INT64", [1, 1], [1])))
        assert refused.status_code == 503
        assert "warming" in refused.json()["error"]
        assert server.metric("slipway_ready") == 0

        server.wait_until_ready()
        assert server.get("/v2/models/slow/ready").json() == {"name": "slow", "ready": True}


def test_live_ready_and_model_ready_are_three_different_answers(adder: Server) -> None:
    assert adder.get("/v2/health/live").json() == {"live": True}
    assert adder.get("/v2/health/ready").json() == {"ready": True, "live": True}
    assert adder.get("/v2/models/adder/ready").json() == {"name": "adder", "ready": True}
    assert adder.get("/v2/models/adder/versions/1/ready").status_code == 200
    assert adder.get("/v2/models/other/ready").status_code == 404
    assert adder.get("/v2/models/adder/versions/9/ready").status_code == 404


def test_it_can_be_told_to_end_while_it_loads(slow_to_warm: Path) -> None:
    with serving(slow_to_warm, *SLOW, wait=False) as server:
        until(lambda: "warming" in server.get("/v2/health/ready").text, "warming", server)
        started = time.monotonic()
        server.tell(signal.SIGTERM)

        assert server.code() == 0
        assert time.monotonic() - started < 5


def test_everything_can_be_told_by_the_environment(save: SaveModel) -> None:
    env = {
        "SLIPWAY_MODEL_NAME": "iris",
        "SLIPWAY_MODEL_VERSION": "1.2.0",
        "SLIPWAY_REVISION": "0a1b2c3d",
        "SLIPWAY_INPUTS": '[{"name": "X", "range": [0, 10], "features": ["a", "b", "c", "d"]}]',
        "SLIPWAY_WARMUP_REQUESTS": "1",
        "SLIPWAY_PROVIDERS": "cpu",
        "SLIPWAY_DRAIN_SECONDS": "0",
    }
    with serving(save("model", models.classifier()), env=env) as server:
        answer = server.post("/predict", {"a": 1, "b": 2, "c": 3, "d": 4})
        protocol = server.post(
            "/v2/models/iris/versions/1.2.0/infer", infer(X=("FP32", [1, 4], [1, 2, 3, 4]))
        )

        for response in (answer, protocol, server.post("/predict", {})):
            assert response.headers["x-slipway-revision"] == "0a1b2c3d"
            assert response.headers["x-slipway-version"] == "1.2.0"
        assert protocol.json()["model_version"] == "1.2.0"
        who = {"model": "iris", "revision": "0a1b2c3d"}
        assert server.metric("slipway_model_info", version="1.2.0", **who) == 1
        assert server.metric("slipway_requests_total", endpoint="predict", code="400", **who) == 1
        assert server.metric("slipway_requests_total", endpoint="infer", code="200", **who) == 1


def test_a_version_may_be_any_text(save: SaveModel) -> None:
    with serving(save("text", models.adder()), "--model-version", "größer\n2") as server:
        answer = server.post("/predict", {})

    assert answer.status_code == 400
    assert answer.headers["x-slipway-version"] == "gr%C3%B6%C3%9Fer%0A2"


Case = tuple[bytes, Mapping[str, str], str, str]

BROKEN: dict[str, Case] = {
    "a pickle": (b"\x80\x04.", {}, "FormatRejected", "pickle"),
    "a truncated model": (models.classifier()[:200], {}, "FormatRejected", "truncated"),
    "an operator nobody knows": (
        models.model(
            [helper.make_node("Nonsense", ["X"], ["Y"], domain="x.example")],
            [("X", models.FLOAT, (1,))],
            [("Y", models.FLOAT, (1,))],
            opsets={"": 18, "x.example": 1},
        ),
        {},
        "FormatRejected",
        "Nonsense",
    ),
    "rules that do not fit": (
        models.classifier(),
        {"SLIPWAY_INPUTS": '[{"name": "Z"}]'},
        "LoadFailed",
        "no input 'Z'",
    ),
    "rules that are no JSON": (models.classifier(), {"SLIPWAY_INPUTS": "{"}, "LoadFailed", "JSON"),
    "a model that fails": (
        models.picky(),
        {"SLIPWAY_INPUTS": '[{"name": "X", "values": [7]}]'},
        "WarmupFailed",
        "made-up request",
    ),
    "an accelerator that is not there": (
        models.classifier(),
        {"SLIPWAY_PROVIDERS": "cuda"},
        "AcceleratorMissing",
        "cuda was asked for",
    ),
}


@pytest.mark.parametrize(("content", "env", "reason", "words"), BROKEN.values(), ids=BROKEN)
def test_what_cannot_be_served_ends_with_its_reason(
    tmp_path: Path, content: bytes, env: Mapping[str, str], reason: str, words: str
) -> None:
    model, log = tmp_path / "model.onnx", tmp_path / "termination"
    model.write_bytes(content)

    done = subprocess.run(
        command("serve", str(model), "--port", "0"),
        env=environment({**env, "SLIPWAY_TERMINATION_LOG": str(log)}),
        capture_output=True,
        text=True,
        timeout=PROMPT,
        check=False,
    )

    told: dict[str, Any] = json.loads(log.read_text())
    assert done.returncode == 1
    assert told["reason"] == reason
    assert words in told["message"]
    assert "Traceback" not in done.stderr


def test_a_port_that_is_taken_is_named(adder: Server, save: SaveModel) -> None:
    done = subprocess.run(
        command("serve", str(save("again", models.adder())), "--port", str(adder.port)),
        env=environment(),
        capture_output=True,
        text=True,
        timeout=PROMPT,
        check=False,
    )

    assert done.returncode == 1
    assert f"cannot listen on port {adder.port}" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_page_and_the_metadata_are_there(adder: Server) -> None:
    assert "curl" in adder.get("/").text
    assert adder.get("/v2/models/adder").json()["platform"] == "onnxruntime_onnx"
    assert "/predict" in adder.get("/openapi.json").json()["paths"]


def test_an_idle_server_uses_no_cpu(adder: Server) -> None:
    used = adder.metric("process_cpu_seconds_total")
    time.sleep(2)

    assert adder.metric("process_cpu_seconds_total") - used < 0.1
