from prometheus_client.parser import text_string_to_metric_families

from slipway_runtime.identity import Identity
from slipway_runtime.metrics import Metrics

WHO = {"model": "iris", "revision": "abc"}


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


def test_the_model_and_its_own_time_are_told() -> None:
    metrics = made()
    metrics.loaded("onnxruntime_onnx")
    metrics.ran(0.25)

    info = {"version": "1.2.0", "platform": "onnxruntime_onnx"}
    assert value(metrics, "slipway_model_info", **info) == 1
    assert value(metrics, "slipway_inference_duration_seconds_sum") == 0.25


def test_readiness_is_told_as_it_is_now() -> None:
    assert value(made(ready=True), "slipway_ready") == 1
    assert value(made(ready=False), "slipway_ready") == 0


def test_the_process_itself_is_told() -> None:
    assert any(name == "process_resident_memory_bytes" for name, _ in samples(made()))
