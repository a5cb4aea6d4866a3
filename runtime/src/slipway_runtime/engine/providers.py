"""Which of onnxruntime's providers compute, and which of their options a user may set.

Pure. onnxruntime ignores what it does not know and falls back to the CPU in silence; nothing that
passes here does either. Options that name files, libraries or addresses are not let through.
"""

import re
from collections.abc import Collection, Sequence
from typing import Final

from slipway_runtime.engine.settings import EngineSettings, Provider
from slipway_runtime.errors import ModelError, Reason

Chain = list[tuple[str, dict[str, str]]]
"""Providers in the order in which they are offered each node, with their options."""

_NAMES: Final = {
    Provider.CPU: "CPUExecutionProvider",
    Provider.CUDA: "CUDAExecutionProvider",
    Provider.TENSORRT: "TensorrtExecutionProvider",
}
_BEHIND: Final = {
    Provider.CPU: (Provider.CPU,),
    Provider.CUDA: (Provider.CUDA, Provider.CPU),
    Provider.TENSORRT: (Provider.TENSORRT, Provider.CUDA, Provider.CPU),
}
_SWITCH: Final = "0|1"
_NUMBER: Final = r"\d{1,15}"
_SHAPES: Final = r"[\w.:/-]{1,256}:\d+(x\d+)*(,[\w.:/-]{1,256}:\d+(x\d+)*)*"
_OPTIONS: Final = {
    Provider.CPU: {},
    Provider.CUDA: {
        "device_id": _NUMBER,
        "gpu_mem_limit": _NUMBER,
        "arena_extend_strategy": "kNextPowerOfTwo|kSameAsRequested",
        "cudnn_conv_algo_search": "EXHAUSTIVE|HEURISTIC|DEFAULT",
        "cudnn_conv_use_max_workspace": _SWITCH,
        "prefer_nhwc": _SWITCH,
        "use_tf32": _SWITCH,
    },
    Provider.TENSORRT: {
        "device_id": _NUMBER,
        "trt_builder_optimization_level": "[0-5]",
        "trt_fp16_enable": _SWITCH,
        "trt_max_partition_iterations": _NUMBER,
        "trt_max_workspace_size": _NUMBER,
        "trt_min_subgraph_size": _NUMBER,
        "trt_profile_max_shapes": _SHAPES,
        "trt_profile_min_shapes": _SHAPES,
        "trt_profile_opt_shapes": _SHAPES,
    },
}
_DEFAULTS: Final = {
    # Memory grows by what is asked for, and a first run does not try every algorithm for seconds.
    Provider.CUDA: {
        "arena_extend_strategy": "kSameAsRequested",
        "cudnn_conv_algo_search": "HEURISTIC",
    },
}
_LIBRARIES: Final = {
    Provider.CUDA: "onnxruntime-gpu and NVIDIA's CUDA and cuDNN",
    Provider.TENSORRT: "onnxruntime-gpu and NVIDIA's CUDA, cuDNN and TensorRT",
}


def chain(settings: EngineSettings, available: Collection[str]) -> Chain:
    """Name the providers of a session; raise `ModelError` when the one asked for is missing."""
    _expect_options(settings)
    if _NAMES[settings.provider] not in available:
        raise _missing(
            f"{settings.provider} was asked for, and this onnxruntime is built without it; use an "
            f"image with {_LIBRARIES[settings.provider]} (in a cluster: spec.runtime.image)"
        )
    return [
        (_NAMES[provider], _DEFAULTS.get(provider, {}) | _options_for(provider, settings))
        for provider in _BEHIND[settings.provider]
        if _NAMES[provider] in available
    ]


def expect_used(settings: EngineSettings, used: Sequence[str]) -> None:
    """Raise `ModelError` when the session fell back to another provider."""
    if used[0] != _NAMES[settings.provider]:
        raise _missing(
            f"{settings.provider} was asked for, and onnxruntime could not use it; is the driver "
            f"on this machine, are {_LIBRARIES[settings.provider]} in the image, and, in a "
            "cluster, does the pod request the accelerator (spec.runtime.accelerator)?"
        )


def device(settings: EngineSettings) -> int:
    """Tell which of several accelerators is used."""
    return int(dict(settings.options).get("device_id", "0"))


def _options_for(provider: Provider, settings: EngineSettings) -> dict[str, str]:
    return {name: value for name, value in settings.options if name in _OPTIONS[provider]}


def _expect_options(settings: EngineSettings) -> None:
    known = {
        name: form
        for provider in _BEHIND[settings.provider]
        for name, form in _OPTIONS[provider].items()
    }
    for name, value in settings.options:
        if name not in known:
            allowed = ", ".join(known) or "none"
            raise _wrong(f"{settings.provider} has no option '{name}' (there are: {allowed})")
        if re.fullmatch(known[name], value) is None:
            raise _wrong(f"the provider option {name} cannot be '{value}', only {known[name]}")


def _wrong(words: str) -> ModelError:
    return ModelError(Reason.LOAD_FAILED, words)


def _missing(words: str) -> ModelError:
    return ModelError(Reason.ACCELERATOR_MISSING, words)
