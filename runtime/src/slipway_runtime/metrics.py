"""What Prometheus may know of this process. One registry a process, labels bound in advance.

Only requests for predictions are counted: probes and scrapes would drown them.
"""

from collections.abc import Callable

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)

from slipway_runtime.identity import Identity

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_BUCKETS = (
    0.0005, 0.001, 0.002, 0.003, 0.005, 0.0075, 0.01, 0.015, 0.02, 0.03, 0.05, 0.075,
    0.1, 0.15, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 10.0, 30.0,
)  # fmt: skip
"""Fine enough to compare the latency of two models, from half a millisecond to a timeout."""

_WHO = ("model", "revision")


class Metrics:
    """The metrics of one served model."""

    def __init__(self, identity: Identity, ready: Callable[[], bool]) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self._registry = CollectorRegistry()
        self._who = (identity.name, identity.revision)
        ProcessCollector(registry=self._registry)
        self._requests = Counter(
            "slipway_requests",
            "Requests for predictions, by endpoint and HTTP status.",
            (*_WHO, "endpoint", "code"),
            registry=self._registry,
        )
        self._duration = self._histogram(
            "slipway_request_duration_seconds",
            "Time from a request's headers to its answer, with reading the body and waiting.",
            "endpoint",
        )
        self._inference = self._histogram(
            "slipway_inference_duration_seconds", "Time that the model itself ran."
        ).labels(*self._who)
        self._in_flight = self._gauge(
            "slipway_requests_in_flight", "Requests for predictions being read, waiting or running."
        ).labels(*self._who)
        self._info = self._gauge(
            "slipway_model_info", "The model that is loaded; always 1.", "version", "platform"
        )
        self._version = identity.version
        self._gauge("slipway_ready", "Whether this process wants requests.").labels(
            *self._who
        ).set_function(ready)

    def _histogram(self, name: str, words: str, *labels: str) -> Histogram:
        return Histogram(name, words, (*_WHO, *labels), buckets=_BUCKETS, registry=self._registry)

    def _gauge(self, name: str, words: str, *labels: str) -> Gauge:
        return Gauge(name, words, (*_WHO, *labels), registry=self._registry)

    def began(self) -> None:
        """Count a request in."""
        self._in_flight.inc()

    def ended(self, endpoint: str, code: int, seconds: float) -> None:
        """Count a request out."""
        self._in_flight.dec()
        self._requests.labels(*self._who, endpoint, code).inc()
        self._duration.labels(*self._who, endpoint).observe(seconds)

    def ran(self, seconds: float) -> None:
        """Note how long the model took; called from the threads that run it."""
        self._inference.observe(seconds)

    def loaded(self, platform: str) -> None:
        """Tell what is loaded."""
        self._info.labels(*self._who, self._version, platform).set(1)

    def render(self) -> bytes:
        """Write everything in Prometheus' text format."""
        return generate_latest(self._registry)
