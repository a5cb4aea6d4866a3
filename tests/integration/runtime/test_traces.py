"""Traces of a running server, at a receiver that reads OpenTelemetry's own protocol."""

import sys
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import httpx
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, Span

from runtime_testing import models
from runtime_testing.serving import PROMPT, Server, infer, serving, until
from runtime_testing.web import answer, web

INFER = "/v2/models/traced/infer"
REQUEST = infer(A=("FP32", [1, 4], [1, 2, 3, 4]), B=("FP32", [1, 4], [0, 0, 0, 0]))
TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
SOON = {"OTEL_BSP_SCHEDULE_DELAY": "50"}


class Receiver:
    """An OTLP receiver over HTTP."""

    def __init__(self) -> None:
        self.resources: list[ResourceSpans] = []
        self.paths: list[str] = []

    def handle(self, request: BaseHTTPRequestHandler) -> None:
        body = request.rfile.read(int(request.headers["content-length"]))
        assert request.headers["content-type"] == "application/x-protobuf"
        self.paths.append(request.path)
        self.resources += ExportTraceServiceRequest.FromString(body).resource_spans
        answer(200, ExportTraceServiceResponse().SerializeToString())(request)

    @property
    def spans(self) -> list[Span]:
        return [
            span
            for resource in self.resources
            for scope in resource.scope_spans
            for span in scope.spans
        ]

    def named(self, name: str) -> list[Span]:
        return [span for span in self.spans if span.name == name]

    def wait(self, name: str, count: int = 1) -> list[Span]:
        until(lambda: len(self.named(name)) >= count, f"a span {name!r}")
        assert len(self.named(name)) == count
        return self.named(name)


def attributes(entries: "Iterator[KeyValue] | list[KeyValue]") -> dict[str, str | int]:
    return {
        entry.key: entry.value.string_value or entry.value.int_value  # one of the two is set
        for entry in entries
    }


@pytest.fixture
def receiver() -> Iterator[tuple[Receiver, str]]:
    made = Receiver()
    with web(made.handle, "127.0.0.1") as server:
        yield made, server.url


@pytest.fixture
def model(save: Callable[[str, bytes], Path]) -> Path:
    return save("traced", models.adder())


@pytest.fixture
def traced(model: Path, receiver: tuple[Receiver, str]) -> Iterator[Server]:
    options = ("--traces", receiver[1], "--revision", "traced-00001")
    with serving(model, *options, env=SOON) as server:
        yield server


def test_a_request_has_a_span_and_each_stage_one_below_it(
    traced: Server, receiver: tuple[Receiver, str]
) -> None:
    headers = {"traceparent": f"00-{TRACE}-{PARENT}-01"}
    assert traced.post(INFER, REQUEST, headers=headers).status_code == 200

    (request,) = receiver[0].wait("POST /v2/models/{model}/infer")
    stages = [receiver[0].wait(name)[0] for name in ("decode", "queue", "compute", "encode")]
    assert receiver[0].paths[0] == "/v1/traces"
    assert request.trace_id.hex() == TRACE
    assert request.parent_span_id.hex() == PARENT
    assert request.kind == Span.SPAN_KIND_SERVER
    assert attributes(list(request.attributes)) == {
        "http.request.method": "POST",
        "url.path": INFER,
        "http.route": "/v2/models/{model}/infer",
        "http.response.status_code": 200,
    }
    for stage in stages:
        assert stage.trace_id == request.trace_id
        assert stage.parent_span_id == request.span_id
        assert request.start_time_unix_nano <= stage.start_time_unix_nano + 1_000_000
        assert stage.end_time_unix_nano <= request.end_time_unix_nano + 1_000_000
    starts = [stage.start_time_unix_nano for stage in stages]
    assert starts == sorted(starts)
    resource = attributes(list(receiver[0].resources[0].resource.attributes))
    assert resource["service.name"] == "traced"
    assert resource["slipway.revision"] == "traced-00001"


def test_what_the_client_does_not_sample_is_not_traced(
    traced: Server, receiver: tuple[Receiver, str]
) -> None:
    traced.post(INFER, REQUEST, headers={"traceparent": f"00-{TRACE}-{PARENT}-00"})
    traced.post(INFER, REQUEST)

    (request,) = receiver[0].wait("POST /v2/models/{model}/infer")
    assert request.trace_id.hex() != TRACE


@pytest.mark.parametrize("bad", ["", "nonsense", f"00-{TRACE}-{PARENT}", "00-" + "0" * 200, "\xe9"])
def test_a_bad_context_is_none(traced: Server, receiver: tuple[Receiver, str], bad: str) -> None:
    response = traced.post(INFER, REQUEST, headers={"traceparent": bad.encode("latin-1")})
    assert response.status_code == 200
    assert receiver[0].wait("POST /v2/models/{model}/infer")[0].parent_span_id == b""


def test_a_refusal_is_traced_and_probes_are_not(
    traced: Server, receiver: tuple[Receiver, str]
) -> None:
    traced.get("/v2/health/ready")
    traced.post("/predict", {"A": "text"})

    (request,) = receiver[0].wait("POST /predict")
    assert attributes(list(request.attributes))["http.response.status_code"] == 400
    assert not [span for span in receiver[0].spans if "health" in span.name]


def test_what_is_left_is_sent_at_the_end(model: Path, receiver: tuple[Receiver, str]) -> None:
    slow = {"OTEL_BSP_SCHEDULE_DELAY": "60000"}
    with serving(model, "--traces", receiver[1], env=slow) as server:
        with httpx.Client(base_url=server.url, timeout=PROMPT) as client:
            for _ in range(5):
                client.post(INFER, json=REQUEST)
        server.process.send_signal(2)
        assert server.code() == 0
    receiver[0].wait("compute", 5)


def test_a_receiver_that_is_not_there_fails_no_request(model: Path) -> None:
    with serving(model, "--traces", "http://127.0.0.1:9", env=SOON) as server:
        for _ in range(50):
            assert server.post(INFER, REQUEST).status_code == 200


def test_without_the_extra_the_start_ends_and_says_what_to_install(
    model: Path, tmp_path: Path
) -> None:
    """A finder that hides the extra's packages stands for an environment without them."""
    hide = (
        "import sys\n"
        "class Hidden:\n"
        "    def find_spec(self, name, *_):\n"
        "        if name.startswith('opentelemetry.'):\n"
        "            raise ModuleNotFoundError(name, name=name)\n"
        "sys.meta_path.insert(0, Hidden())\n"
    )
    (tmp_path / "sitecustomize.py").write_text(hide)
    source = Path(sys.modules[Server.__module__].__file__ or "").parents[3] / "runtime" / "src"
    env = {"PYTHONPATH": f"{tmp_path}:{source}"}
    with (
        pytest.raises(AssertionError, match=r"traces need the extra 'traces'"),
        serving(model, "--traces", "http://localhost:4318", env=env),
    ):
        pass
    assert "Traceback" not in model.with_suffix(".log").read_text()
