"""Telling a person what takes the time: a line when a step ends, and signs of life meanwhile.

Must not decide anything.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

SIGN_OF_LIFE_S = 15.0


def say(text: str) -> None:
    """Print one line at once, also into a pipe."""
    print(text, flush=True)


@contextmanager
def step(name: str, quiet_below_s: float = 0.0) -> Iterator[None]:
    """Time a step: a sign of life while it runs, a line with its seconds when it ends well."""
    began = time.monotonic()
    done = threading.Event()
    watcher = threading.Thread(target=_signs_of_life, args=(name, began, done), daemon=True)
    watcher.start()
    try:
        yield
    finally:
        done.set()
        watcher.join()
    took = time.monotonic() - began
    if took >= quiet_below_s:
        say(f"  {name}: {took:.1f} s")


class Tally:
    """Counts finished steps out of a known number, from several threads."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._done = 0
        self._lock = threading.Lock()

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Time one of the steps; its last line carries done/total."""
        began = time.monotonic()
        with step(name, quiet_below_s=float("inf")):
            yield
        with self._lock:
            self._done += 1
            say(f"  [{self._done}/{self._total}] {name}: {time.monotonic() - began:.0f} s")


def _signs_of_life(name: str, began: float, done: threading.Event) -> None:
    while not done.wait(SIGN_OF_LIFE_S):
        say(f"  ... {name}: {time.monotonic() - began:.0f} s so far")
