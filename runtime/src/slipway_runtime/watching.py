"""Notice that files were replaced: renamed over, written again, or swapped behind a link.

Polls, because a ConfigMap's or a Secret's volume swaps a link that no notification of the file
reports. Says only that something is new and has settled; what is in it is the caller's business.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Final

SECONDS: Final = 1.0

Stamp = tuple[str, int, int, int] | None


def stamp(path: Path) -> Stamp:
    """Tell one content of a path from the next; None where there is no file."""
    try:
        real = path.resolve(strict=True)
        found = real.stat()
    except (OSError, RuntimeError):  # RuntimeError: links in a circle
        return None
    return str(real), found.st_ino, found.st_size, found.st_mtime_ns


class Watch:
    """Looks at some files every second, or at once when it is told to."""

    def __init__(self, paths: Sequence[Path], seconds: float = SECONDS) -> None:
        self._paths = tuple(paths)
        self._seconds = seconds
        self._hurry = asyncio.Event()
        self.seen = self.look()

    def look(self) -> tuple[Stamp, ...]:
        """Stamp each file as it is now."""
        return tuple(map(stamp, self._paths))

    def hurry(self) -> None:
        """Report these files now, whether or not they seem to be new."""
        self._hurry.set()

    async def changes(self) -> AsyncIterator[None]:
        """Yield whenever the files are new and have not changed for one more look."""
        before = self.seen
        while True:
            told = await self._pause()
            now = await asyncio.to_thread(self.look)
            if told or (now == before != self.seen):
                self.seen = now
                yield
            before = now

    async def _pause(self) -> bool:
        try:
            await asyncio.wait_for(self._hurry.wait(), self._seconds)
        except TimeoutError:
            return False
        self._hurry.clear()
        return True
