"""The operator's Prometheus metrics.

Counting only: what is counted happens elsewhere.
"""

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector

REGISTRY: Final = CollectorRegistry()
ProcessCollector(registry=REGISTRY)

RECONCILES: Final = Counter(
    "slipway_operator_reconciles_total",
    "Looks at a ModelDeployment, by result.",
    ["result"],
    registry=REGISTRY,
)
SECONDS: Final = Histogram(
    "slipway_operator_reconcile_duration_seconds",
    "How long a look took.",
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15),
    registry=REGISTRY,
)
ERRORS: Final = Counter(
    "slipway_operator_reconcile_errors_total",
    "Looks that failed, by what failed.",
    ["reason"],
    registry=REGISTRY,
)
WRITES: Final = Counter(
    "slipway_operator_writes_total",
    "Writes to the API server.",
    ["verb", "kind"],
    registry=REGISTRY,
)
QUEUE_DEPTH: Final = Gauge(
    "slipway_operator_queue_depth",
    "ModelDeployments that are due for a look.",
    registry=REGISTRY,
)
KNOWN: Final = Gauge(
    "slipway_operator_modeldeployments",
    "ModelDeployments that are known.",
    registry=REGISTRY,
)
LEADER: Final = Gauge(
    "slipway_operator_leader",
    "1 while this replica leads.",
    registry=REGISTRY,
)
WATCH_RESTARTS: Final = Counter(
    "slipway_operator_watch_restarts_total",
    "Watches that broke and were begun again.",
    ["kind"],
    registry=REGISTRY,
)


def count_write(verb: str, kind: str) -> None:
    """Count one write."""
    WRITES.labels(verb, kind).inc()
