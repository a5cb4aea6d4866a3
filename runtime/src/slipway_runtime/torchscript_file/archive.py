"""Tell a TorchScript archive from other zip files, and read the signature somebody put into it.

Reads names and sizes only, and one small text. Never reads a pickle.
"""

import zipfile
from collections.abc import Collection
from pathlib import Path
from typing import Final

from slipway_runtime.errors import ModelError, Reason

SIGNATURE: Final = "signature.json"
"""Put there by `torch.jit.save(model, path, _extra_files={"signature.json": ...})`."""

_ZIP: Final = b"PK\x03\x04"
_SLACK: Final = 64 * 1024 * 1024
"""Weights are stored as they are; only code is compressed, and it is small."""

_LARGEST_SIGNATURE: Final = 1024 * 1024


def is_torchscript(path: Path) -> bool:
    """Look at the names in the file: constants and code are what makes a program of weights."""
    with path.open("rb") as file:
        if file.read(len(_ZIP)) != _ZIP:
            return False
    try:
        with zipfile.ZipFile(path) as archive:
            names = _inside(archive)
    except (zipfile.BadZipFile, OSError, ValueError):
        return False
    return _is_program(names)


def check(path: Path) -> None:
    """Refuse an archive that takes far more room unpacked than packed."""
    with zipfile.ZipFile(path) as archive:
        unpacked = sum(entry.file_size for entry in archive.infolist())
    packed = path.stat().st_size
    if unpacked > packed + _SLACK:
        raise ModelError(
            Reason.FORMAT_REJECTED,
            f"the archive has {packed} bytes and unpacks to {unpacked}, which no TorchScript does",
        )


def embedded_signature(path: Path) -> bytes | None:
    """Read the signature in the archive, if there is one."""
    with zipfile.ZipFile(path) as archive:
        for entry in archive.infolist():
            if entry.filename.partition("/")[2] != f"extra/{SIGNATURE}":
                continue
            if entry.file_size > _LARGEST_SIGNATURE:
                raise ModelError(
                    Reason.FORMAT_REJECTED,
                    f"{entry.filename} in the archive has {entry.file_size} bytes, which no "
                    "signature has",
                )
            return archive.read(entry)
    return None


def _inside(archive: zipfile.ZipFile) -> set[str]:
    """Name the entries within the archive's one folder."""
    return {name.partition("/")[2] for name in archive.namelist()}


def _is_program(names: Collection[str]) -> bool:
    return "constants.pkl" in names and any(name.startswith("code/") for name in names)
