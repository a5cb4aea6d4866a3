"""Decide whether a file is an ONNX model that this runtime can and should load.

Never loads the model. The supported versions are the installed onnxruntime's; a test holds
them against it.
"""

import mmap
from pathlib import Path
from typing import Final

from slipway_runtime.errors import ModelError, Reason
from slipway_runtime.onnx_file.likeness import likeness
from slipway_runtime.onnx_file.operators import objection
from slipway_runtime.onnx_file.walk import Contents, read
from slipway_runtime.onnx_file.wire import AbsurdError, MalformedError, TruncatedError

NEWEST_IR: Final = 13
NEWEST_OPSETS: Final = {"": 26, "ai.onnx": 26, "ai.onnx.ml": 5}


def inspect(path: Path) -> Contents:
    """Read the file; raise `FormatRejected` in words that say what to do."""
    with path.open("rb") as file:
        start = file.read(512)
        if not start:
            raise _rejected("the file is empty")
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as buffer:
            return _inspect(buffer, start)


def _inspect(buffer: mmap.mmap, start: bytes) -> Contents:
    looks_like = likeness(start)
    if looks_like:
        raise _rejected(f"the file is no ONNX model: {looks_like}")
    try:
        contents = read(buffer)
    except AbsurdError as error:
        raise _rejected(f"the model is refused: {error}") from None
    except TruncatedError:
        raise _rejected(
            f"the file is a truncated or damaged ONNX model: it ends, after {len(buffer)} bytes, "
            "before its contents do"
        ) from None
    except MalformedError:
        raise _rejected("the file is no ONNX model, or it is damaged") from None
    if not (contents.has_graph and contents.ir_version and contents.opsets):
        raise _rejected("the file is no ONNX model: it has no graph, IR version or opset")
    _expect_known_versions(contents)
    if words := objection(contents.operators):
        raise _rejected(f"the model cannot be run: {words}")
    return contents


def _rejected(words: str) -> ModelError:
    return ModelError(Reason.FORMAT_REJECTED, words)


def _expect_known_versions(contents: Contents) -> None:
    for domain, version in contents.opsets.items():
        newest = NEWEST_OPSETS.get(domain, version)
        if version > newest:
            label = f"{domain} opset" if domain else "ONNX opset"
            raise _rejected(
                f"the model uses {label} {version}, this runtime knows up to {newest}; "
                f"export it with target_opset={newest} or lower"
            )
    if contents.ir_version > NEWEST_IR:
        raise _rejected(
            f"the model has ONNX IR version {contents.ir_version}, this runtime knows up to "
            f"{NEWEST_IR}; export it with an older onnx package, or set model.ir_version"
        )
