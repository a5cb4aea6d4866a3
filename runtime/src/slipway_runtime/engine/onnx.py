"""ONNX models in onnxruntime: sessions that respect the container and never fall back silently.

The only module that imports onnxruntime. It is imported late, by the thread that loads the
model: the server answers its liveness probe before this is done.
"""

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

# Read once, at import: else onnxruntime reports to its maker, and leaves an identity on the disk.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

import onnxruntime as ort

from slipway_runtime.engine import binding, halves, providers
from slipway_runtime.engine.arena import Usual
from slipway_runtime.engine.base import CancelToken
from slipway_runtime.engine.binding import Device
from slipway_runtime.engine.settings import PLAIN, EngineSettings, Provider
from slipway_runtime.errors import (
    InferenceError,
    ModelError,
    OutOfMemoryError,
    Reason,
    StoppedError,
    bad_request,
    too_large,
)
from slipway_runtime.signature import Datatype, Dim, Signature, Tensor, TensorSpec

_SILENT = 4  # every error is raised too, and logged in this process's own words
_SHRINK = "memory.enable_memory_arena_shrinkage"
_NO_MEMORY = re.compile("bad_alloc|allocate")

_DATATYPES = {
    "bool": Datatype.BOOL,
    "uint8": Datatype.UINT8,
    "uint16": Datatype.UINT16,
    "uint32": Datatype.UINT32,
    "uint64": Datatype.UINT64,
    "int8": Datatype.INT8,
    "int16": Datatype.INT16,
    "int32": Datatype.INT32,
    "int64": Datatype.INT64,
    "float16": Datatype.FP16,
    "bfloat16": Datatype.BF16,
    "float": Datatype.FP32,
    "double": Datatype.FP64,
    "string": Datatype.BYTES,
}
_UNNAMED = re.compile(r"unk__\d+")
"""tf2onnx's name for a size it knows nothing about: equal sizes get different names."""


@dataclass(frozen=True, slots=True)
class OnnxEngine:
    """One onnxruntime session. `run` releases the GIL and is safe in several threads."""

    session: Any
    signature: Signature
    device: Device | None = None
    """Where tensors are bound to; None where the session moves them itself."""
    halves: frozenset[str] | None = None
    """Inputs that are BF16, where any tensor is."""
    usual: Usual = field(default_factory=Usual)
    platform: str = "onnxruntime_onnx"
    warm_runs: int = 1

    def cancel_token(self) -> CancelToken:
        """Make what ends a run between two nodes of the graph."""
        token: CancelToken = ort.RunOptions()
        return token

    def run(
        self, feed: Mapping[str, Tensor], outputs: Sequence[str], token: CancelToken | None = None
    ) -> list[Tensor]:
        """Compute the named outputs."""
        try:
            return self._run(feed, outputs, token)
        except Exception as error:  # onnxruntime's errors share no base class
            words = _own_words(error)
            if token is not None and token.terminate:
                raise StoppedError("the run was ended: nobody waits for its answer") from None
            if _NO_MEMORY.search(words):
                raise OutOfMemoryError("not enough memory: " + words) from None
            if type(error).__name__ == "InvalidArgument":
                raise bad_request(f"the model refuses the request: {words}") from None
            raise InferenceError(words) from error

    def _run(
        self, feed: Mapping[str, Tensor], outputs: Sequence[str], token: CancelToken | None
    ) -> list[Tensor]:
        if self.halves is not None:
            return halves.run(self.session, ort.OrtValue, self.halves, feed, outputs, token)
        if self.device is None:
            results: list[Tensor] = self.session.run(outputs, feed, token)
            return results
        options: Any = token or ort.RunOptions()
        if self.usual.exceeded_by(feed):
            options.add_run_config_entry(_SHRINK, f"gpu:{self.device.number}")
        return binding.run(self.session, self.device, feed, outputs, options)


def load(path: Path, settings: EngineSettings = PLAIN, threads: int = 1) -> OnnxEngine:
    """Open a model whose file has been inspected; `threads` is what one request may use."""
    ort.set_default_logger_severity(_SILENT)
    chain = providers.chain(settings, ort.get_available_providers())
    session = _open(path, chain, threads)
    providers.expect_used(settings, session.get_providers())
    signature = _signature(session)
    return OnnxEngine(session, signature, _device(settings, signature), _halves(signature))


def _halves(signature: Signature) -> frozenset[str] | None:
    if not halves.has_any(signature):
        return None
    if halves.has_text(signature):
        raise ModelError(
            Reason.LOAD_FAILED,
            "the model has both bfloat16 and text tensors, which onnxruntime cannot be given "
            "together; cast one of them inside the model",
        )
    return halves.names(signature)


def _device(settings: EngineSettings, signature: Signature) -> Device | None:
    if settings.provider is Provider.CPU or not binding.can_bind(signature):
        return None
    return Device("cuda", providers.device(settings))


def _open(path: Path, chain: providers.Chain, threads: int) -> Any:
    try:
        session = ort.InferenceSession(str(path), sess_options=_options(threads), providers=chain)
    except Exception as error:  # onnxruntime's errors share no base class
        words = _own_words(error)
        if isinstance(error, MemoryError) or _NO_MEMORY.search(words):
            raise too_large(words) from None
        raise ModelError(Reason.LOAD_FAILED, words) from None
    session.disable_fallback()
    return session


def _options(threads: int) -> Any:
    options = ort.SessionOptions()
    # Explicit, or onnxruntime takes the host's cores and pins threads to them.
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.execution_mode = ort.ExecutionMode.ORT_SEQUENTIAL
    # A spinning idle thread burns a whole CPU, and the autoscaler would believe it.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    # The arena never gives memory back after one large request, and was measured to be no faster.
    options.enable_cpu_mem_arena = False
    options.log_severity_level = _SILENT
    return options


def _own_words(error: Exception) -> str:
    """Keep what onnxruntime says about the model, drop its decoration and source paths."""
    text = re.sub(r"^\[ONNXRuntimeError\] : \d+ : [A-Z_]+ : ", "", str(error))
    text = re.sub(r"/onnxruntime_src/\S+ (?:.*?\) )?", "", text)
    return " ".join(text.split())[:600]


def _signature(session: Any) -> Signature:
    return Signature(
        tuple(_spec(node, "input") for node in session.get_inputs()),
        tuple(_spec(node, "output") for node in session.get_outputs()),
    )


def _spec(node: Any, kind: str) -> TensorSpec:
    match = re.fullmatch(r"tensor\((\w+)\)", node.type)
    if match is None:
        hint = (
            "; export the classifier with options={'zipmap': False}" if "map(" in node.type else ""
        )
        raise ModelError(
            Reason.LOAD_FAILED,
            f"{kind} '{node.name}' is a {node.type}, and only tensors can be served{hint}",
        )
    if match[1] not in _DATATYPES:
        raise ModelError(
            Reason.LOAD_FAILED,
            f"{kind} '{node.name}' has element type {match[1]}, which the Open Inference Protocol "
            "has no name for",
        )
    return TensorSpec(node.name, _DATATYPES[match[1]], tuple(map(_dim, node.shape)))


def _dim(dim: Any) -> Dim:
    if isinstance(dim, int):
        return dim if dim >= 0 else None
    return None if not dim or _UNNAMED.fullmatch(dim) else str(dim)
