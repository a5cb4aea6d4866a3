"""How often a child is put right: somebody who insists is answered ever more rarely.

A hand that edits once is answered at once. A controller that writes the same field again and again
would otherwise fight with this one at full speed. Only repairs are restrained, never a new wish.
"""

from collections.abc import Hashable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

FIRST_PAUSE: Final = timedelta(seconds=2)
LONGEST_PAUSE: Final = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class _Repair:
    at: datetime
    pause: timedelta

    @property
    def next_at(self) -> datetime:
        return self.at + self.pause

    @property
    def forgotten_at(self) -> datetime:
        return self.next_at + self.pause


class Restraint:
    """Remembers the latest repairs."""

    def __init__(self) -> None:
        self._repairs: dict[Hashable, _Repair] = {}

    def wait_until(self, what: Hashable, now: datetime) -> datetime | None:
        """Return when something may be repaired again; nothing when it may be now."""
        last = self._repairs.get(what)
        return last.next_at if last and now < last.next_at else None

    def repaired(self, what: Hashable, now: datetime) -> None:
        """Note a repair; the pause doubles with each one that comes soon after the last."""
        self._repairs = {key: old for key, old in self._repairs.items() if now < old.forgotten_at}
        last = self._repairs.get(what)
        pause = min(last.pause * 2, LONGEST_PAUSE) if last else FIRST_PAUSE
        self._repairs[what] = _Repair(now, pause)
