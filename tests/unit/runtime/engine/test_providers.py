import pytest

from slipway_runtime.engine.providers import chain, device, expect_used
from slipway_runtime.engine.settings import EngineSettings, Provider
from slipway_runtime.errors import ModelError, Reason

CPU, CUDA, TENSORRT = (
    "CPUExecutionProvider",
    "CUDAExecutionProvider",
    "TensorrtExecutionProvider",
)
ALL = [TENSORRT, CUDA, CPU]


def settings(provider: Provider, **options: str) -> EngineSettings:
    return EngineSettings(provider, tuple(options.items()))


def names(provider: Provider) -> list[str]:
    return [name for name, _ in chain(settings(provider), ALL)]


def test_what_a_provider_cannot_compute_falls_to_the_next() -> None:
    assert names(Provider.CPU) == [CPU]
    assert names(Provider.CUDA) == [CUDA, CPU]
    assert names(Provider.TENSORRT) == [TENSORRT, CUDA, CPU]


@pytest.mark.parametrize("provider", [Provider.CUDA, Provider.TENSORRT])
def test_a_provider_that_is_not_built_in_is_named_with_what_to_do(provider: Provider) -> None:
    with pytest.raises(ModelError, match=f"{provider} was asked for.*spec.runtime.image") as caught:
        chain(settings(provider), [CPU])
    assert caught.value.reason is Reason.ACCELERATOR_MISSING


@pytest.mark.parametrize(
    ("provider", "used"), [(Provider.CUDA, [CPU]), (Provider.TENSORRT, [CUDA, CPU])]
)
def test_a_session_that_fell_back_is_refused(provider: Provider, used: list[str]) -> None:
    with pytest.raises(ModelError, match="could not use it") as caught:
        expect_used(settings(provider), used)
    assert caught.value.reason is Reason.ACCELERATOR_MISSING


def test_options_reach_the_provider_they_belong_to() -> None:
    asked = settings(
        Provider.TENSORRT, device_id="1", trt_fp16_enable="1", gpu_mem_limit="4000000000"
    )

    tensorrt, cuda, cpu = (options for _, options in chain(asked, ALL))

    assert tensorrt == {"device_id": "1", "trt_fp16_enable": "1"}
    assert cuda["gpu_mem_limit"] == "4000000000"
    assert cuda["device_id"] == "1"
    assert cpu == {}
    assert device(asked) == 1


def test_a_first_run_on_a_gpu_does_not_try_every_algorithm_unless_asked_to() -> None:
    [(_, usual), _] = chain(settings(Provider.CUDA), ALL)
    asked = settings(Provider.CUDA, cudnn_conv_algo_search="EXHAUSTIVE")
    [(_, thorough), _] = chain(asked, ALL)

    assert usual["cudnn_conv_algo_search"] == "HEURISTIC"
    assert thorough["cudnn_conv_algo_search"] == "EXHAUSTIVE"


@pytest.mark.parametrize(
    ("provider", "options", "words"),
    [
        (Provider.CPU, {"device_id": "0"}, r"cpu has no option 'device_id' \(there are: none\)"),
        (Provider.CUDA, {"trt_fp16_enable": "1"}, "no option 'trt_fp16_enable'"),
        (Provider.CUDA, {"user_compute_stream": "140000"}, "no option 'user_compute_stream'"),
        (Provider.TENSORRT, {"trt_engine_cache_path": "/etc"}, "'trt_engine_cache_path'"),
        (Provider.TENSORRT, {"trt_extra_plugin_lib_paths": "/x.so"}, "trt_extra_plugin_lib_paths"),
        (Provider.CUDA, {"gpu_mem_limit": "4Gi"}, "gpu_mem_limit cannot be '4Gi'"),
        (Provider.CUDA, {"device_id": "-1"}, "device_id cannot be '-1'"),
    ],
)
def test_an_option_that_is_unknown_or_unsafe_is_refused(
    provider: Provider, options: dict[str, str], words: str
) -> None:
    with pytest.raises(ModelError, match=words) as caught:
        chain(settings(provider, **options), ALL)
    assert caught.value.reason is Reason.LOAD_FAILED


def test_shapes_for_tensorrt_are_written_as_it_reads_them() -> None:
    asked = settings(Provider.TENSORRT, trt_profile_max_shapes="X:32x3x224x224,Y:32x1")

    assert chain(asked, ALL)[0][1]["trt_profile_max_shapes"].startswith("X:32x3")
