"""TorchScript in PyTorch: one program, run without gradients, on as many threads as it is given.

The only module that imports torch. A TorchScript file is code and may do all that this process
may; whether it may be loaded at all is decided before this module is imported.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

# OpenMP reads it when torch is imported, and would take the host's cores.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import torch

from slipway_runtime.engine.base import CancelToken
from slipway_runtime.engine.settings import EngineSettings, Provider
from slipway_runtime.errors import (
    InferenceError,
    ModelError,
    OutOfMemoryError,
    Reason,
    too_large,
)
from slipway_runtime.signature import Datatype, Signature, Tensor, TensorSpec

torch.set_num_interop_threads(1)
# Compiled once for any shape: else each new shape of a request costs a compilation.
torch.jit.set_fusion_strategy([("DYNAMIC", 1)])

_NEVER: Final = (Datatype.BYTES, Datatype.BF16)
_NO_MEMORY: Final = ("can't allocate memory", "not enough memory", "CUDA out of memory")


@dataclass(frozen=True, slots=True)
class Program:
    """A loaded module: arrays in, arrays out, whatever they are called."""

    module: Any
    device: str

    def run(self, inputs: Sequence[Tensor], names: Sequence[str] | None) -> dict[str, Tensor]:
        """Run it once; unnamed outputs get these names in turn, or Triton's `OUTPUT__0` ones."""
        try:
            with torch.inference_mode():
                # Copied: the program may write into what it is given, and requests are read-only.
                results = self.module(*[self._to(array) for array in inputs])
                named = _named(results, names)
                return {name: _from(tensor) for name, tensor in named.items()}
        except (InferenceError, ModelError):
            raise
        except Exception as error:  # whatever the program's code raises
            words = _own_words(error)
            if any(hint in words for hint in _NO_MEMORY):
                raise OutOfMemoryError("not enough memory: " + words) from None
            raise InferenceError(words) from None

    def _to(self, array: Tensor) -> Any:
        return torch.from_numpy(array.copy()).to(self.device)


@dataclass(frozen=True, slots=True)
class TorchScriptEngine:
    """A program and its declared signature, which each answer is held against."""

    program: Program
    signature: Signature
    platform: str = "pytorch_libtorch"
    warm_runs: int = 3

    def cancel_token(self) -> None:
        """Give none: a running program cannot be ended."""

    def run(
        self, feed: Mapping[str, Tensor], outputs: Sequence[str], token: CancelToken | None = None
    ) -> list[Tensor]:
        """Compute everything, as a program cannot do less, and give the named outputs."""
        del token
        names = [spec.name for spec in self.signature.outputs]
        given = self.program.run([feed[spec.name] for spec in self.signature.inputs], names)
        for spec in self.signature.outputs:
            _expect_as_declared(spec, given)
        return [given[name] for name in outputs]


def load(path: Path, settings: EngineSettings, threads: int) -> Program:
    """Load a program; `threads` is what one request may use."""
    device = _device(settings)
    torch.set_num_threads(threads)
    try:
        module = torch.jit.load(str(path), map_location=device).eval()
    except Exception as error:
        words = _own_words(error)
        if any(hint in words for hint in _NO_MEMORY):
            raise too_large(words) from None
        raise ModelError(Reason.LOAD_FAILED, words) from None
    return Program(module, device)


def engine(program: Program, signature: Signature) -> TorchScriptEngine:
    """Put a program behind its signature."""
    for spec in (*signature.inputs, *signature.outputs):
        if spec.datatype in _NEVER:
            raise ModelError(
                Reason.LOAD_FAILED,
                f"'{spec.name}' is {spec.datatype}, which is not served from TorchScript",
            )
    return TorchScriptEngine(program, signature)


def _device(settings: EngineSettings) -> str:
    if settings.provider is Provider.CPU:
        return "cpu"
    if settings.provider is Provider.TENSORRT:
        raise ModelError(Reason.LOAD_FAILED, "TorchScript runs on cpu or cuda, not on tensorrt")
    if not torch.cuda.is_available():
        raise ModelError(
            Reason.ACCELERATOR_MISSING,
            "cuda was asked for, and PyTorch finds no GPU; is the driver on this machine, is this "
            "PyTorch built for CUDA, and, in a cluster, does the pod request the accelerator?",
        )
    return f"cuda:{dict(settings.options).get('device_id', '0')}"


def _named(results: Any, names: Sequence[str] | None) -> dict[str, Any]:
    if isinstance(results, dict):
        return results
    several = results if isinstance(results, tuple | list) else (results,)
    names = names or [f"OUTPUT__{number}" for number in range(len(several))]
    if len(several) != len(names):
        raise InferenceError(
            f"the program gives {len(several)} outputs, its signature has {len(names)}"
        )
    return dict(zip(names, several, strict=True))


def _from(tensor: Any) -> Tensor:
    if not isinstance(tensor, torch.Tensor):
        raise InferenceError(
            f"the program gives a {type(tensor).__name__}, and only tensors can be served: return "
            "a tensor, several of them, or a dictionary of tensors"
        )
    if tensor.dtype is torch.bfloat16:
        tensor = tensor.float()
    return np.ascontiguousarray(tensor.cpu().numpy())


def _expect_as_declared(spec: TensorSpec, given: Mapping[str, Tensor]) -> None:
    tensor = given.get(spec.name)
    if tensor is None:
        raise InferenceError(f"the program gives no '{spec.name}', only {sorted(given)}")
    if tensor.dtype != spec.datatype.numpy or not spec.admits(tensor.shape):
        raise InferenceError(
            f"output '{spec.name}' is {tensor.dtype} {list(tensor.shape)}, its signature says "
            f"{spec.datatype} {spec.wire_shape}"
        )


def _own_words(error: Exception) -> str:
    """Keep what is said about the request, drop the trace through the program's code."""
    last = str(error).strip().rpartition("\n")[2]
    return last.partition("RuntimeError: ")[2][:600] or last[:600] or type(error).__name__
