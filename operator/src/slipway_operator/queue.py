"""Which ModelDeployment to look at next: one look at a time for each, retries with growing pauses.

`Schedule` is pure and takes the time as an argument; `WorkQueue` runs it in the event loop. What a
look does is not known here.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Final, NamedTuple

FIRST_PAUSE: Final = 1.0
LONGEST_PAUSE: Final = 300.0
# Changes come in bursts (a Deployment, its pods, their endpoints); one look answers them all.
SETTLE: Final = 0.03


class Key(NamedTuple):
    """A ModelDeployment."""

    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"


@dataclass(slots=True)
class _Entry:
    due: float | None = None
    is_busy: bool = False
    failures: int = 0
    not_before: float = 0.0
    version: object = None


def pause_after(failures: int, chance: float) -> float:
    """Return how long to wait after so many failures in a row; `chance` lies in [0, 1).

    >>> [pause_after(n, 0.5) for n in (1, 2, 3, 20)]
    [1.0, 2.0, 4.0, 300.0]
    """
    pause = min(FIRST_PAUSE * 2.0 ** min(failures - 1, 20), LONGEST_PAUSE)
    return min(pause * (0.75 + chance / 2), LONGEST_PAUSE)


class Schedule:
    """When each key is due."""

    def __init__(self, chance: Callable[[], float] = random.random) -> None:
        self._entries: dict[Key, _Entry] = {}
        self._chance = chance

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def keys(self) -> Iterable[Key]:
        """Every key that is known."""
        return tuple(self._entries)

    def depth(self, now: float) -> int:
        """Return how many keys are due."""
        return sum(entry.due is not None and entry.due <= now for entry in self._entries.values())

    def mark(self, key: Key, now: float, version: object = None) -> None:
        """Say that a key may have changed; a new version of the spec ends any pause."""
        entry = self._entries.setdefault(key, _Entry())
        if version is not None and version != entry.version:
            entry.version, entry.failures, entry.not_before = version, 0, now
        self._advance(entry, max(now + SETTLE, entry.not_before))

    def wake(self, key: Key, at: float) -> None:
        """Ask for a look at a given time."""
        if key in self._entries:
            self._advance(self._entries[key], at)

    def take(self, now: float) -> Key | None:
        """Hand out the key that is due the longest."""
        ready = [
            (entry.due, key)
            for key, entry in self._entries.items()
            if entry.due is not None and entry.due <= now and not entry.is_busy
        ]
        if not ready:
            return None
        _, key = min(ready)
        self._entries[key].due, self._entries[key].is_busy = None, True
        return key

    def succeeded(self, key: Key) -> None:
        """Take a key back after a look that went well."""
        if entry := self._entries.get(key):
            entry.is_busy, entry.failures, entry.not_before = False, 0, 0.0

    def failed(self, key: Key, now: float, retry_after: float | None = None) -> None:
        """Take a key back after a look that failed: it is due again after a pause."""
        if entry := self._entries.get(key):
            entry.is_busy = False
            entry.failures += 1
            pause = max(pause_after(entry.failures, self._chance()), retry_after or 0.0)
            entry.not_before = now + pause
            entry.due = entry.not_before

    def forget(self, key: Key) -> None:
        """Drop a key that is gone."""
        self._entries.pop(key, None)

    def next_due(self) -> float | None:
        """Return when the next key is due."""
        times = [e.due for e in self._entries.values() if e.due is not None and not e.is_busy]
        return min(times, default=None)

    @staticmethod
    def _advance(entry: _Entry, at: float) -> None:
        entry.due = at if entry.due is None else min(entry.due, at)


class RetryError(Exception):
    """A look failed and is to be repeated, after the given time at the earliest."""

    def __init__(self, message: str, after: float | None = None) -> None:
        super().__init__(message)
        self.after = after


class WorkQueue:
    """Runs looks, several keys at a time, never one key twice."""

    def __init__(self, look: Callable[[Key], Awaitable[float | None]]) -> None:
        self._look = look
        self._schedule = Schedule()
        self._changed = asyncio.Event()

    @property
    def keys(self) -> Iterable[Key]:
        """Every key that is known."""
        return self._schedule.keys

    @property
    def depth(self) -> int:
        """How many keys are due."""
        return self._schedule.depth(_now())

    def mark(self, key: Key, version: object = None) -> None:
        """Say that a key may have changed."""
        self._schedule.mark(key, _now(), version)
        self._changed.set()

    def forget(self, key: Key) -> None:
        """Drop a key that is gone."""
        self._schedule.forget(key)

    async def work(self) -> None:
        """Look at one key after another; run as many of these as keys may be in work at once."""
        while True:
            key = self._schedule.take(_now())
            if key is None:
                await self._idle()
            else:
                await self._look_at(key)

    async def _look_at(self, key: Key) -> None:
        try:
            seconds = await self._look(key)
        except RetryError as error:
            self._schedule.failed(key, _now(), error.after)
        except BaseException:
            # Cancelled: whoever works next finds the key due again.
            self._schedule.failed(key, _now())
            raise
        else:
            self._schedule.succeeded(key)
            if seconds is not None:
                self._schedule.wake(key, _now() + seconds)
        self._changed.set()

    async def _idle(self) -> None:
        self._changed.clear()
        due = self._schedule.next_due()
        try:
            async with asyncio.timeout(None if due is None else max(due - _now(), 0.0)):
                await self._changed.wait()
        except TimeoutError:
            return


def _now() -> float:
    return asyncio.get_running_loop().time()
