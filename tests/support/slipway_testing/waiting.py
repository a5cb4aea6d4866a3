"""Waiting for the world to become so, with a failure that says what it looked like last."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def eventually(look: Callable[[], T], *, within: float = 60, every: float = 0.2) -> T:
    """Look until nothing is asserted against what is seen, and return it.

    `look` raises AssertionError for as long as the world is not yet as wanted.
    """
    deadline = time.monotonic() + within
    while True:
        try:
            return look()
        except AssertionError as not_yet:
            if time.monotonic() > deadline:
                raise AssertionError(f"not within {within:g} s: {not_yet}") from None
        time.sleep(every)


def becomes(
    look: Callable[[], object], wanted: object, *, within: float = 60, every: float = 0.2
) -> None:
    """Look until what is seen equals what is wanted."""

    def compare() -> None:
        seen = look()
        assert seen == wanted, f"{seen!r} instead of {wanted!r}"

    eventually(compare, within=within, every=every)


def steadily(look: Callable[[], T], *, during: float, every: float = 0.2) -> None:
    """Look for some time; every look must hold."""
    deadline = time.monotonic() + during
    while time.monotonic() < deadline:
        look()
        time.sleep(every)
