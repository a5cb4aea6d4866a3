"""What Prometheus may know of this process. One registry a process.

Requests only add to plain numbers, on the event loop and so without a lock; they become samples
when somebody asks. Only requests for predictions are counted: probes would drown them.
"""

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import accumulate
from time import time

from prometheus_client import (
    CollectorRegistry,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)

from slipway_runtime.identity import Identity

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_SECONDS = (
    0.0005, 0.001, 0.002, 0.003, 0.005, 0.0075, 0.01, 0.015, 0.02, 0.03, 0.05, 0.075,
    0.1, 0.15, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 10.0, 30.0,
)  # fmt: skip
"""Fine enough to compare the latency of two models, from half a millisecond to a timeout."""

_STAGE_SECONDS = (0.00001, 0.00003, 0.0001, 0.0003, *_SECONDS[1:])
"""Reading a small request takes microseconds."""

_ROWS = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1024.0)
_OK = 200
_AT_ONCE = 512
"""Requests whose values are counted together: a fraction of a millisecond's work."""

_WHO = ("model", "version", "revision")


class Distribution:
    """How often a value fell between which bounds.

    Values are only kept when they come and counted later, many at once: a request takes a hundred
    microseconds, and counting each value would be a noticeable share of it.
    """

    __slots__ = ("_bounds", "_counts", "_fresh", "_sum", "observe")

    def __init__(self, bounds: Sequence[float]) -> None:
        self._bounds = bounds
        self._counts = [0] * (len(bounds) + 1)
        self._sum = 0.0
        self._fresh: list[float] = []
        self.observe: Callable[[float], None] = self._fresh.append
        """Take a value."""

    def count_in(self) -> None:
        """Count what has been observed since the last time."""
        for place, count in Counter(map(partial(bisect_left, self._bounds), self._fresh)).items():
            self._counts[place] += count
        self._sum += sum(self._fresh)
        self._fresh.clear()

    @property
    def uncounted(self) -> int:
        """Tell how many values are only kept so far."""
        return len(self._fresh)

    @property
    def sum(self) -> float:
        """Add all values up."""
        return self._sum + sum(self._fresh)

    @property
    def count(self) -> int:
        """Tell how many values there were."""
        return sum(self._counts) + len(self._fresh)

    @property
    def buckets(self) -> list[tuple[str, float]]:
        """Count, for each bound, the values up to it."""
        self.count_in()
        names = [*map(str, self._bounds), "+Inf"]
        return list(zip(names, map(float, accumulate(self._counts)), strict=True))


class Metrics:
    """The metrics of one served model."""

    def __init__(self, identity: Identity, ready: Callable[[], bool]) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self.registry = CollectorRegistry()
        """For whoever has something of its own to tell."""
        self.requests: Counter[tuple[str, int]] = Counter()
        self.durations = defaultdict[str, Distribution](partial(Distribution, _SECONDS))
        self.decode = Distribution(_STAGE_SECONDS)
        self.queue = Distribution(_STAGE_SECONDS)
        self.compute = Distribution(_STAGE_SECONDS)
        self.encode = Distribution(_STAGE_SECONDS)
        self.rows = Distribution(_ROWS)
        self.cache_hits = 0
        self.cache_misses = 0
        self.failed_seconds = 0.0
        """What requests took that were not answered with a prediction."""
        self.last = 0.0
        """When the last request ended, as a clock on the wall has it."""
        self._in_flight = 0
        self._uncounted = 0
        self._waiting: Callable[[], int] = int
        self._ready = ready
        self._platform = ""
        self._who = (identity.name, identity.version, identity.revision)
        ProcessCollector(registry=self.registry)
        self.registry.register(self)

    def began(self) -> None:
        """Count a request in."""
        self._in_flight += 1

    def ended(self, endpoint: str, code: int, seconds: float) -> None:
        """Count a request out."""
        self._in_flight -= 1
        self.requests[endpoint, code] += 1
        self.durations[endpoint].observe(seconds)
        self.last = time()
        if code != _OK:
            self.failed_seconds += seconds
        self._uncounted += 1
        if self._uncounted >= _AT_ONCE:
            self._count_in()

    def _count_in(self) -> None:
        self._uncounted = 0
        stages = (self.decode, self.queue, self.compute, self.encode, self.rows)
        for seen in (*stages, *self.durations.values()):
            seen.count_in()

    def left(self) -> None:
        """Forget a request that goes on elsewhere, where it is counted."""
        self._in_flight -= 1

    def ran(self, rows: Iterable[int], seconds: float) -> None:
        """Note a run of the model, or what else it took when that failed; with its rows."""
        for count in rows:
            self.rows.observe(count)
        self.compute.observe(seconds)

    def waited(self, seconds: float) -> None:
        """Note how long a prediction waited for its run."""
        self.queue.observe(seconds)

    def looked_up(self, *, hit: bool) -> None:
        """Note a look into the remembered answers."""
        if hit:
            self.cache_hits += 1
        else:
            self.cache_misses += 1

    def loaded(self, platform: str) -> None:
        """Tell what is loaded."""
        self._platform = platform

    def watch_line(self, length: Callable[[], int]) -> None:
        """Tell, from now on, how many predictions wait."""
        self._waiting = length

    def render(self) -> bytes:
        """Write everything in Prometheus' text format."""
        return generate_latest(self.registry)

    def collect(self) -> Iterator[Metric]:
        """Make samples of the numbers: what the registry calls a collector."""
        yield self._requests()
        yield self._histogram(
            "slipway_request_duration_seconds",
            "Time from a request's headers to its answer, with reading the body and waiting.",
            "endpoint",
            self.durations,
        )
        yield self._histogram(
            "slipway_stage_duration_seconds",
            "Time in each stage: decode, queue and encode once a request, compute once a run.",
            "stage",
            {
                "decode": self.decode,
                "queue": self.queue,
                "compute": self.compute,
                "encode": self.encode,
            },
        )
        yield self._histogram(
            "slipway_batch_rows", "Rows in each run of the model.", None, {"": self.rows}
        )
        yield self._lookups()
        yield from self._gauges()

    def _requests(self) -> Metric:
        family = CounterMetricFamily(
            "slipway_requests",
            "Requests for predictions, by endpoint and HTTP status.",
            labels=(*_WHO, "endpoint", "code"),
        )
        for (endpoint, code), count in self.requests.items():
            family.add_metric((*self._who, endpoint, str(code)), count)
        return family

    def _histogram(
        self, name: str, words: str, label: str | None, values: dict[str, Distribution]
    ) -> Metric:
        labels = _WHO if label is None else (*_WHO, label)
        family = HistogramMetricFamily(name, words, labels=labels)
        for value, seen in values.items():
            family.add_metric((*self._who, value)[: len(labels)], seen.buckets, seen.sum)
        return family

    def _lookups(self) -> Metric:
        family = CounterMetricFamily(
            "slipway_cache_lookups",
            "Looks into the remembered answers, by their result.",
            labels=(*_WHO, "result"),
        )
        family.add_metric((*self._who, "hit"), self.cache_hits)
        family.add_metric((*self._who, "miss"), self.cache_misses)
        return family

    def _gauges(self) -> Iterator[Metric]:
        for name, words, value in (
            ("requests_in_flight", "Predictions being read, waiting or running.", self._in_flight),
            ("queue_length", "Predictions that wait to run.", self._waiting()),
            ("ready", "Whether this process wants requests.", self._ready()),
        ):
            gauge = GaugeMetricFamily(f"slipway_{name}", words, labels=_WHO)
            gauge.add_metric(self._who, value)
            yield gauge
        if self._platform:
            info = GaugeMetricFamily(
                "slipway_model_info",
                "The model that is loaded; always 1.",
                labels=(*_WHO, "platform"),
            )
            info.add_metric((*self._who, self._platform), 1)
            yield info
