"""Give the memory of a model that has been replaced back to the system.

What serves is hidden from the garbage collector, which would look at it for nothing; so once a
model is replaced the collector must be shown it again.
"""

import asyncio
import ctypes
import gc
from collections.abc import Callable
from typing import Final

_PAUSES: Final = (0.0, 1.0, 5.0, 30.0, 120.0)
"""Seconds from one look to the next: the old model's last requests may take a while."""


def settle() -> None:
    """Collect what is garbage, and spare what exists now from being looked at again."""
    gc.unfreeze()
    gc.collect()
    gc.freeze()


async def release(is_gone: Callable[[], bool], pauses: tuple[float, ...] = _PAUSES) -> None:
    """Collect until the old model is gone, then return its pages to the system."""
    for seconds in pauses:
        await asyncio.sleep(seconds)
        settle()
        await asyncio.to_thread(_trim)
        if is_gone():
            return


def _trim() -> None:
    """Return pages that the C library keeps for later; only glibc does and only it can."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
