"""OpenTelemetry traces: a span for each request, and one for each stage of a prediction.

The only module that knows OpenTelemetry, which is an extra; imported where traces are asked for.
Spans are sent by a thread of their own, and dropped where they cannot be.
"""

import logging
import threading
from contextlib import suppress
from time import perf_counter, time_ns
from typing import Final
from urllib.parse import urlsplit

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, Tracer, set_span_in_context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from slipway_runtime import stages
from slipway_runtime.identity import Identity
from slipway_runtime.lifecycle.state import AsgiApp
from slipway_runtime.server.answers import CLIENT_GONE, Header, Message, Receive, Send
from slipway_runtime.server.paths import HEALTH, METRICS, PREDICTION
from slipway_runtime.server.settings import TraceSettings
from slipway_runtime.stages import Stage

log = logging.getLogger("slipway")

_CONTEXT: Final = frozenset({b"traceparent", b"tracestate"})
_NANOSECONDS: Final = 1_000_000_000


class Tracing:
    """Makes spans and sends them."""

    def __init__(self, settings: TraceSettings, identity: Identity) -> None:
        self._provider = TracerProvider(
            sampler=ParentBased(TraceIdRatioBased(settings.share)),
            resource=Resource.create(
                {
                    "service.name": identity.name,
                    "service.version": identity.version,
                    "slipway.revision": identity.revision,
                }
            ),
        )
        exporter = OTLPSpanExporter(endpoint=_whole(settings.endpoint))
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("slipway")

    def around(self, app: AsgiApp) -> AsgiApp:
        """Trace the requests to an application."""
        return Traced(app, self._tracer)

    def close(self, seconds: float) -> None:
        """Send what is left, for so long at most."""
        ending = threading.Thread(target=self._provider.shutdown, daemon=True)
        ending.start()
        ending.join(seconds)


def _whole(endpoint: str) -> str:
    """Complete a URL without a path as OTLP has it."""
    return endpoint if urlsplit(endpoint).path.strip("/") else f"{endpoint.rstrip('/')}/v1/traces"


class Traced:
    """Makes a span of each request but probes and scrapes."""

    def __init__(self, app: AsgiApp, tracer: Tracer) -> None:
        self._app = app
        self._tracer = tracer
        self._propagator = TraceContextTextMapPropagator()

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if HEALTH.fullmatch(scope["path"]) or METRICS.fullmatch(scope["path"]):
            await self._app(scope, receive, send)
            return
        span = self._begin(scope)
        if not span.is_recording():
            await self._app(scope, receive, send)
            return
        await self._trace(span, scope, receive, send)

    def _begin(self, scope: Message) -> Span:
        route = _route(scope["path"])
        attributes = {"http.request.method": scope["method"], "url.path": scope["path"]}
        if route:
            attributes["http.route"] = route
        return self._tracer.start_span(
            f"{scope['method']} {route}".strip(),
            context=self._propagator.extract(_carrier(scope["headers"])),
            kind=SpanKind.SERVER,
            attributes=attributes,
        )

    async def _trace(self, span: Span, scope: Message, receive: Receive, send: Send) -> None:
        status = CLIENT_GONE
        noted = stages.listen()

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, noting)
        finally:
            self._end(span, status, noted)

    def _end(self, span: Span, status: int, noted: list[Stage]) -> None:
        context = set_span_in_context(span)
        since = time_ns() - int(perf_counter() * _NANOSECONDS)
        for stage in noted:
            child = self._tracer.start_span(
                stage.name, context, start_time=since + int(stage.began * _NANOSECONDS)
            )
            child.end(since + int(stage.ended * _NANOSECONDS))
        span.set_attribute("http.response.status_code", status)
        if status >= 500:
            span.set_status(Status(StatusCode.ERROR))
        span.end()


def _carrier(headers: list[Header]) -> dict[str, str]:
    carrier: dict[str, str] = {}
    for name, value in headers:
        if name in _CONTEXT:
            with suppress(UnicodeDecodeError):
                carrier[name.decode()] = value.decode()
    return carrier


def _route(path: str) -> str:
    """Name all requests of a kind alike; what is no kind has no name."""
    if not PREDICTION.fullmatch(path):
        return ""
    return path if path.startswith("/predict") else "/v2/models/{model}/infer"
