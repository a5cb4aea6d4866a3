from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from slipway_runtime.identity import Identity
from slipway_runtime.metrics import Distribution, Metrics

WHO = {"model": "iris", "version": "1.2.0", "revision": "abc"}


def samples(metrics: Metrics) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(metrics.render().decode())
        for sample in family.samples
    }


def value(metrics: Metrics, name: str, **labels: str) -> float:
    return samples(metrics)[name, frozenset({**WHO, **labels}.items())]


def made(ready: bool = True) -> Metrics:
    return Metrics(Identity("iris", "1.2.0", "abc"), lambda: ready)


def test_a_request_is_counted_by_its_endpoint_and_status() -> None:
    metrics = made()
    metrics.began()
    assert value(metrics, "slipway_requests_in_flight") == 1

    metrics.ended("infer", 200, 0.004)

    labels = {"endpoint": "infer"}
    assert value(metrics, "slipway_requests_in_flight") == 0
    assert value(metrics, "slipway_requests_total", code="200", **labels) == 1
    assert value(metrics, "slipway_request_duration_seconds_count", **labels) == 1
    assert value(metrics, "slipway_request_duration_seconds_bucket", le="0.005", **labels) == 1
    assert value(metrics, "slipway_request_duration_seconds_bucket", le="0.003", **labels) == 0


def test_the_model_is_told_once_it_is_loaded() -> None:
    metrics = made()
    assert not any(name == "slipway_model_info" for name, _ in samples(metrics))

    metrics.loaded("onnxruntime_onnx")

    assert value(metrics, "slipway_model_info", platform="onnxruntime_onnx") == 1


def test_each_stage_has_its_own_times() -> None:
    metrics = made()
    metrics.decode.observe(0.00002)
    metrics.waited(0.5)
    metrics.ran([3], 0.25)
    metrics.encode.observe(0.125)

    for stage, seconds in {
        "decode": 0.00002,
        "queue": 0.5,
        "compute": 0.25,
        "encode": 0.125,
    }.items():
        assert value(metrics, "slipway_stage_duration_seconds_sum", stage=stage) == seconds
        assert value(metrics, "slipway_stage_duration_seconds_count", stage=stage) == 1


def test_runs_and_their_rows_are_counted() -> None:
    metrics = made()
    metrics.ran([3], 0.1)
    metrics.ran([2, 1, 1], 0.1)

    assert value(metrics, "slipway_batch_rows_count") == 4
    assert value(metrics, "slipway_batch_rows_sum") == 7
    assert value(metrics, "slipway_batch_rows_bucket", le="2.0") == 3


def test_looks_into_the_cache_are_counted_by_their_result() -> None:
    metrics = made()
    metrics.looked_up(hit=True)
    metrics.looked_up(hit=False)
    metrics.looked_up(hit=False)

    assert value(metrics, "slipway_cache_lookups_total", result="hit") == 1
    assert value(metrics, "slipway_cache_lookups_total", result="miss") == 2


def test_what_waits_is_counted_when_somebody_asks() -> None:
    metrics = made()
    assert value(metrics, "slipway_queue_length") == 0

    metrics.watch_line(lambda: 7)

    assert value(metrics, "slipway_queue_length") == 7


@given(st.lists(st.floats(0, 100)))
def test_a_distribution_counts_as_prometheus_does(values: list[float]) -> None:
    bounds = (0.5, 1.0, 50.0)
    seen = Distribution(bounds)
    for number in values:
        seen.observe(number)

    assert [count for _, count in seen.buckets] == [
        sum(number <= bound for number in values) for bound in (*bounds, float("inf"))
    ]
    assert seen.count == len(values)


def test_readiness_is_told_as_it_is_now() -> None:
    assert value(made(ready=True), "slipway_ready") == 1
    assert value(made(ready=False), "slipway_ready") == 0


def test_the_process_itself_is_told() -> None:
    assert any(name == "process_resident_memory_bytes" for name, _ in samples(made()))


def test_many_requests_take_no_more_memory_than_few() -> None:
    metrics = made()
    for _ in range(10_000):
        metrics.began()
        metrics.decode.observe(0.001)
        metrics.waited(0.001)
        metrics.ran((1,), 0.001)
        metrics.encode.observe(0.001)
        metrics.ended("infer", 200, 0.001)

    kept = [metrics.decode, metrics.queue, metrics.compute, metrics.encode, metrics.rows]
    assert all(seen.uncounted < 1000 for seen in [*kept, *metrics.durations.values()])
    assert all(seen.count == 10_000 for seen in kept)
