"""Write bytes to a file that nobody takes for a model yet: counted, hashed, then verified."""

import hashlib
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from slipway_runtime.errors import ModelError, Reason

CHUNK: Final = 1024 * 1024
PARTIAL: Final = ".slipway-fetching-"
"""Prefix of files that are not complete; what an earlier attempt left is removed."""


class Budget:
    """How many bytes may still come, over all files of a model."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._left = limit

    def expect(self, size: int) -> None:
        """Refuse a size that is announced."""
        if size > self._left:
            raise ModelError(
                Reason.MODEL_TOO_LARGE,
                f"the model is larger than the limit of {self._limit} bytes"
                f" ({self._limit / 2**20:.0f} MiB)",
            )

    def spend(self, size: int) -> None:
        """Count bytes that have come."""
        self.expect(size)
        self._left -= size

    def refund(self, size: int) -> None:
        """Take back bytes of an attempt that failed."""
        self._left += size


class Sink:
    """An incomplete file. It is gone when the block ends, unless `publish` has named it."""

    def __init__(self, folder: Path, name: str, budget: Budget) -> None:
        self.path = folder / f"{PARTIAL}{name.replace('/', '-')}"
        self._budget = budget
        self._hash = hashlib.sha256()
        self.size = 0

    def __enter__(self) -> Self:
        self.path.unlink(missing_ok=True)
        self._file = self.path.open("xb")
        return self

    def expect(self, size: int) -> None:
        """Refuse a file that announces to be too large."""
        self._budget.expect(size)

    def write(self, chunk: bytes) -> None:
        """Take the next bytes."""
        self._budget.spend(len(chunk))
        self._file.write(chunk)
        self._hash.update(chunk)
        self.size += len(chunk)

    def restart(self) -> None:
        """Forget what has come so far."""
        self._budget.refund(self.size)
        self._file.seek(0)
        self._file.truncate()
        self._hash = hashlib.sha256()
        self.size = 0

    def complete(self, sha256: str | None) -> None:
        """Close the file, and refuse it when it is not the one that was meant."""
        self._file.close()
        found = self._hash.hexdigest()
        if sha256 is not None and found != sha256:
            raise ModelError(
                Reason.CHECKSUM_MISMATCH,
                f"the file has sha256 {found}, the ModelDeployment says {sha256} "
                f"({self.size} bytes); is it another version, or damaged on its way?",
            )

    def publish(self, target: Path) -> None:
        """Give the file its name, in one step."""
        target.parent.mkdir(parents=True, exist_ok=True)
        self.path.chmod(0o644)
        self.path.replace(target)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()
        self.path.unlink(missing_ok=True)


def matches(path: Path, sha256: str) -> bool:
    """Whether this file is there and is the one that is meant."""
    if not path.is_file() or path.is_symlink():
        return False
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == sha256


def sweep(folder: Path) -> None:
    """Remove what an attempt that was killed has left."""
    for leftover in folder.glob(f"{PARTIAL}*"):
        leftover.unlink()
