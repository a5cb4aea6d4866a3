"""Weights that a model keeps in files of their own: only plain files in its own folder.

Locations come from the model and are hostile until they have passed here.
"""

import stat
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath

from slipway_runtime.errors import ModelError, Reason

_MEMORY_MARKER = "_ORT_MEM_ADDR_"
"""onnxruntime's own way to write 'at this address of my memory' into a location."""


def check_names(locations: Iterable[str]) -> None:
    """Refuse names that could lead out of the folder, whatever lies on the disk."""
    for location in locations:
        path = PurePosixPath(location)
        if (
            path.is_absolute()
            or ".." in path.parts
            or not path.parts
            or not location.isprintable()
            or "\\" in location
            or _MEMORY_MARKER in location
        ):
            raise _rejected(location, "which leads outside of its folder, or is no plain path")


def files(folder: Path, locations: Iterable[str]) -> list[Path]:
    """Find the files, each a regular file reached without any link."""
    found = []
    for location in sorted(set(locations)):
        check_names([location])
        found.append(_regular(folder, location))
    return found


def check_sizes(folder: Path, needed: Mapping[str, int]) -> None:
    """Refuse files that end before the weights in them do; those that are missing are let pass."""
    for location, size in needed.items():
        path = folder / location
        if path.is_file() and path.stat().st_size < size:
            raise _rejected(
                location, f"which has {path.stat().st_size} bytes where the model needs {size}"
            )


def _regular(folder: Path, location: str) -> Path:
    current = folder
    for part in PurePosixPath(location).parts:
        current = current / part
        if current.is_symlink():
            raise _rejected(location, "which is, or lies behind, a symbolic link; copy the file")
    try:
        status = current.lstat()
    except OSError:
        raise _rejected(location, "which does not exist beside the model") from None
    if not stat.S_ISREG(status.st_mode):
        raise _rejected(location, "which is not a regular file")
    if status.st_nlink != 1:
        raise _rejected(location, "which is a hard link to another file; copy the file")
    return current


def _rejected(location: str, words: str) -> ModelError:
    shown = location.encode("unicode_escape").decode()[:120]
    return ModelError(Reason.FORMAT_REJECTED, f"the model keeps weights in '{shown}', {words}")
