"""CUDA and TensorRT on a real GPU. Skipped, with the reason, where there is none.

To run them: a machine with an NVIDIA GPU and its driver, onnxruntime-gpu in place of onnxruntime
with CUDA and cuDNN (and TensorRT) installed, then `pytest -m gpu`.
"""

import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
from onnx import helper, numpy_helper

from runtime_testing import models
from runtime_testing.serving import infer, serving
from slipway_runtime.engine import onnx
from slipway_runtime.engine.providers import chain
from slipway_runtime.engine.settings import EngineSettings, Provider

HAVE = onnxruntime.get_available_providers()


def needs(provider: Provider) -> Any:
    name = {
        Provider.CUDA: "CUDAExecutionProvider",
        Provider.TENSORRT: "TensorrtExecutionProvider",
    }[provider]
    gpu = Path("/proc/driver/nvidia/version").exists()
    reason = f"needs a GPU and an onnxruntime with {name}; driver: {gpu}, this one has {HAVE}"
    absent = pytest.mark.skipif(not gpu or name not in HAVE, reason=reason)
    return pytest.param(provider, marks=[pytest.mark.gpu, absent])


each_provider = pytest.mark.parametrize(
    "provider", [needs(Provider.CUDA), needs(Provider.TENSORRT)]
)


def convolution() -> bytes:
    weights = np.random.default_rng(3).standard_normal((8, 3, 3, 3)).astype(np.float32)
    nodes = [
        helper.make_node("Conv", ["X", "weights"], ["maps"], pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["maps"], ["active"]),
        helper.make_node("GlobalAveragePool", ["active"], ["Y"]),
    ]
    return models.model(
        nodes,
        [("X", models.FLOAT, ("N", 3, 32, 32))],
        [("Y", models.FLOAT, ("N", 8, 1, 1))],
        [numpy_helper.from_array(weights, "weights")],
    )


def saved(folder: Path, content: bytes) -> Path:
    path = folder / "model.onnx"
    path.write_bytes(content)
    return path


@each_provider
def test_a_gpu_gives_what_a_cpu_gives(tmp_path: Path, provider: Provider) -> None:
    path = saved(tmp_path, convolution())
    there, here = onnx.load(path, EngineSettings(provider)), onnx.load(path)
    assert there.device is not None
    generator = np.random.default_rng(5)

    for rows in (1, 4, 1, 16):
        given = {"X": generator.standard_normal((rows, 3, 32, 32)).astype(np.float32)}
        [found], [expected] = there.run(given, ["Y"]), here.run(given, ["Y"])
        assert np.allclose(found, expected, rtol=0.01, atol=0.01)


def mebibytes_in_use() -> int:
    query = ["nvidia-smi", "--query-gpu=memory.used", "--format=csv,noheader,nounits"]
    return int(subprocess.run(query, capture_output=True, text=True, check=True).stdout.split()[0])


@each_provider
def test_memory_of_an_unusual_request_is_given_back(tmp_path: Path, provider: Provider) -> None:
    engine = onnx.load(saved(tmp_path, convolution()), EngineSettings(provider))
    usual = {"X": np.ones((1, 3, 32, 32), np.float32)}
    unusual = {"X": np.ones((16384, 3, 32, 32), np.float32)}
    for _ in range(50):
        engine.run(usual, ["Y"])
    before = mebibytes_in_use()

    engine.run(unusual, ["Y"])

    assert mebibytes_in_use() < before + 256  # its maps alone have 512


@each_provider
def test_text_passes_by_the_gpu(tmp_path: Path, provider: Provider) -> None:
    engine = onnx.load(saved(tmp_path, models.identity(models.STRING)), EngineSettings(provider))
    words = np.array([["a", "b", "c", "d"]], object)

    assert engine.run({"X": words}, ["Y"])[0].tolist() == words.tolist()


@each_provider
def test_every_option_that_passes_is_one_onnxruntime_takes(
    tmp_path: Path, provider: Provider
) -> None:
    asked = {
        Provider.CUDA: {
            "device_id": "0",
            "gpu_mem_limit": "2000000000",
            "arena_extend_strategy": "kNextPowerOfTwo",
            "cudnn_conv_algo_search": "DEFAULT",
            "cudnn_conv_use_max_workspace": "1",
            "prefer_nhwc": "0",
            "use_tf32": "0",
        },
        Provider.TENSORRT: {"trt_fp16_enable": "1", "trt_max_workspace_size": "1000000000"},
    }[provider]
    settings = EngineSettings(provider, tuple(asked.items()))
    engine = onnx.load(saved(tmp_path, convolution()), settings)

    used = engine.session.get_provider_options()[chain(settings, HAVE)[0][0]]
    assert {name: used[name] for name in asked} == asked


@each_provider
def test_a_server_answers_from_the_gpu(tmp_path: Path, provider: Provider) -> None:
    path = saved(tmp_path, models.adder())
    request = infer(A=("FP32", [1, 4], [1, 2, 3, 4]), B=("FP32", [1, 4], [1, 1, 1, 1]))

    with serving(path, "--provider", provider) as server:
        outputs = server.post("/v2/models/model/infer", request).json()["outputs"]

    assert outputs[0]["data"] == [2, 3, 4, 5]


@pytest.mark.skipif("CUDAExecutionProvider" in HAVE, reason="this onnxruntime is built for GPUs")
@pytest.mark.parametrize("provider", ["cuda", "tensorrt"])
def test_without_a_gpu_nothing_is_served_in_its_place(tmp_path: Path, provider: str) -> None:
    path = saved(tmp_path, models.adder())

    with serving(path, "--provider", provider, wait=False) as server:
        assert server.code() == 1
        said = server.log.read_text()

    assert f"AcceleratorMissing: {provider} was asked for" in said
    assert "onnxruntime-gpu" in said
