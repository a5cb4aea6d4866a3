"""Hold a model's file against the sha256 that may lie beside it, before anything parses it.

`model.onnx.sha256` is what `sha256sum model.onnx` prints. A file without one is taken as it is.
"""

import hashlib
import re
from pathlib import Path
from typing import Final

from slipway_runtime.errors import ModelError, Reason

_DIGEST: Final = re.compile(r"([0-9a-fA-F]{64})(?:\s.*)?")


def beside(path: Path) -> Path:
    """Say where a model's sha256 is looked for."""
    return path.with_name(f"{path.name}.sha256")


def expect(path: Path) -> None:
    """Raise `ModelError` where there is a sha256 and the file has another one."""
    told = beside(path)
    try:
        words = told.read_text(errors="replace").strip()
    except FileNotFoundError:
        return
    except OSError as error:
        raise ModelError(
            Reason.CHECKSUM_MISMATCH, f"{told} cannot be read: {error.strerror}"
        ) from None
    wanted = _DIGEST.fullmatch(words)
    if wanted is None:
        raise ModelError(Reason.CHECKSUM_MISMATCH, f"{told} holds no sha256")
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if digest != wanted[1].lower():
        raise ModelError(
            Reason.CHECKSUM_MISMATCH, f"{path} has sha256 {digest}, {told.name} says {wanted[1]}"
        )
