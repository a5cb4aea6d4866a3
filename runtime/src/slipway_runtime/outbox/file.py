"""Lines into a file that never grows without end, or to the standard output.

Where a file would become too large it is renamed to `.1`, the one before to `.2`, and the oldest
goes. Meant for the thread of an `Outbox`: writing blocks.
"""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

_KEPT: Final = 5


class StandardOutput:
    """The standard output, as containers log."""

    def write(self, batch: Sequence[bytes]) -> None:
        """Write whole lines."""
        sys.stdout.buffer.write(b"".join(batch))
        sys.stdout.buffer.flush()

    def close(self) -> None:
        """Leave it open: it belongs to the process."""


class RotatedFile:
    """A file and the ones before it."""

    def __init__(self, path: Path, largest: int) -> None:
        self._path = path
        self._largest = largest
        self._file = path.open("ab", buffering=0)

    def write(self, batch: Sequence[bytes]) -> None:
        """Append whole lines."""
        text = b"".join(batch)
        if self._file.closed or not self._path.exists():
            self._open_again()
        if self._file.tell() and self._file.tell() + len(text) > self._largest:
            self._rotate()
        if self._file.write(text) != len(text):
            raise OSError(f"{self._path} could not be written as a whole; is the disk full?")

    def _rotate(self) -> None:
        self._file.close()
        for number in range(_KEPT - 1, 0, -1):
            older = self._numbered(number)
            if older.exists():
                older.replace(self._numbered(number + 1))
        self._path.replace(self._numbered(1))
        self._open_again()

    def _numbered(self, number: int) -> Path:
        return self._path.with_name(f"{self._path.name}.{number}")

    def _open_again(self) -> None:
        self._file.close()
        self._file = self._path.open("ab", buffering=0)

    def close(self) -> None:
        """Close it."""
        self._file.close()
