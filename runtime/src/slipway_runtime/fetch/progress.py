"""Say how a long transfer goes: nothing for short ones, a line every two seconds for others."""

import logging
from collections.abc import Callable
from time import monotonic
from typing import Final

log = logging.getLogger("slipway")

_EVERY: Final = 2.0
_MIB: Final = 1024 * 1024


class Progress:
    """One transfer of a known or unknown size."""

    def __init__(self, total: int | None, clock: Callable[[], float] = monotonic) -> None:
        self._total = total
        self._clock = clock
        self._started = self._told = clock()

    def tell(self, done: int) -> None:
        """Log the state of the transfer, if it is time to."""
        now = self._clock()
        if now - self._told < _EVERY:
            return
        self._told = now
        rate = done / (now - self._started) / _MIB
        share = f" of {self._total / _MIB:.0f} MiB" if self._total else ""
        log.info("fetched %.0f MiB%s, %.1f MiB/s", done / _MIB, share, rate)
