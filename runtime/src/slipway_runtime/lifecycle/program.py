"""From a TorchScript file to an engine: whether it may be loaded, and what its signature is.

The file is code. It is loaded only where whoever runs this process has said so.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Final

from slipway_runtime import sidecar
from slipway_runtime.engine.settings import EngineSettings
from slipway_runtime.errors import ModelError, Reason
from slipway_runtime.lifecycle import sample
from slipway_runtime.signature import Signature
from slipway_runtime.torchscript_file import archive

if TYPE_CHECKING:  # PyTorch is in an image of its own
    from slipway_runtime.engine.torchscript import Program, TorchScriptEngine

_SIDECARS: Final = (".signature.yaml", ".signature.yml", ".signature.json")
_SAMPLE: Final = ".sample.json"


def load(path: Path, settings: EngineSettings, threads: int) -> "TorchScriptEngine":
    """Load the program and find its signature."""
    if not settings.allow_torchscript:
        raise ModelError(
            Reason.FORMAT_REJECTED,
            "the file is TorchScript, which is code that may do all that this process may; export "
            "to ONNX, or, if you trust it, allow it: --allow-torchscript, or "
            "SLIPWAY_ALLOW_TORCHSCRIPT=true",
        )
    archive.check(path)
    try:
        from slipway_runtime.engine import torchscript
    except ImportError:
        raise ModelError(
            Reason.LOAD_FAILED,
            "the file is TorchScript, and there is no PyTorch here; use the image of "
            "runtime/torchscript.Dockerfile, or install torch",
        ) from None
    program = torchscript.load(path, settings, threads)
    return torchscript.engine(program, _signature(path, program))


def _signature(path: Path, program: "Program") -> Signature:
    for suffix in _SIDECARS:
        beside = path.with_suffix(suffix)
        if beside.is_file():
            return sidecar.parse(beside.read_bytes(), str(beside))
    embedded = archive.embedded_signature(path)
    if embedded is not None:
        return sidecar.parse(embedded, f"{archive.SIGNATURE} in the archive")
    request = path.with_suffix(_SAMPLE)
    if request.is_file():
        return sample.signature(
            request.read_bytes(), str(request), lambda inputs: program.run(inputs, None)
        )
    raise ModelError(
        Reason.LOAD_FAILED,
        "TorchScript says neither what its inputs and outputs are called nor their shapes: put "
        f"{path.stem}{_SIDECARS[0]} beside it (inputs and outputs, each with name, datatype and "
        f"shape), or {path.stem}{_SAMPLE} (a request of the Open Inference Protocol)",
    )
