"""What options may hold: each function turns the words of one into a value, or refuses them."""

import argparse
import re
from typing import Final

from slipway_runtime.engine.settings import Provider
from slipway_runtime.server.settings import OPEN_GROUPS

_SUFFIXES: Final = {"": 1, "Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40}


def count(text: str) -> int:
    """Take a whole number."""
    if not text.isascii() or not text.isdigit():
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number")
    return int(text)


def provider(text: str) -> Provider:
    """Take the name of what computes."""
    try:
        return Provider(text)
    except ValueError:
        names = ", ".join(Provider)
        raise argparse.ArgumentTypeError(f"{text!r} is none of {names}") from None


def pairs(text: str) -> tuple[tuple[str, str], ...]:
    """Take settings such as `a=1 b=2`."""
    found = tuple(part.partition("=") for part in text.split())
    if not all(name and equals for name, equals, _ in found):
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=VALUE [NAME=VALUE...]")
    return tuple((name, value) for name, _, value in found)


def yes(text: str) -> bool:
    """Take a switch of the environment, where everything is text."""
    if text not in ("", "0", "1", "false", "true"):
        raise argparse.ArgumentTypeError(f"{text!r} is neither true nor false")
    return text in ("1", "true")


def seconds(text: str) -> float:
    """Take a time of an hour at most."""
    number = float(text)
    if not 0 <= number <= 3600:
        raise argparse.ArgumentTypeError("between 0 and 3600 seconds")
    return number


def milliseconds(text: str) -> float:
    """Take a time of a second at most, into seconds."""
    number = float(text)
    if not 0 <= number <= 1000:
        raise argparse.ArgumentTypeError("between 0 and 1000 milliseconds")
    return number / 1000


def digest(text: str) -> str:
    """Take a sha256."""
    if not re.fullmatch(r"[0-9a-fA-F]{64}", text):
        raise argparse.ArgumentTypeError("a sha256 has 64 hexadecimal digits")
    return text.lower()


def size(text: str) -> int:
    """Take a number of bytes, with or without a binary suffix."""
    match = re.fullmatch(r"(\d+)(|Ki|Mi|Gi|Ti)", text)
    if match is None:
        raise argparse.ArgumentTypeError(f"{text!r} is not a size such as 500000 or 4Gi")
    return int(match[1]) * _SUFFIXES[match[2]]


def share(text: str) -> float:
    """Take a share of one."""
    number = float(text)
    if not 0 <= number <= 1:
        raise argparse.ArgumentTypeError("between 0 and 1")
    return number


def url(text: str) -> str:
    """Take the address of a web server."""
    if text and not re.fullmatch(r"https?://[^/\s]+\S*", text):
        raise argparse.ArgumentTypeError(f"{text!r} is no http:// or https:// URL")
    return text


def target(text: str) -> str:
    """Take a file's path or the address of a web server."""
    return url(text) if "://" in text else text


def groups(text: str) -> tuple[str, ...]:
    """Take some of the groups of paths that need no key."""
    names = () if text == "none" else tuple(text.split(","))
    if unknown := [name for name in names if name not in OPEN_GROUPS]:
        known = ", ".join(OPEN_GROUPS)
        raise argparse.ArgumentTypeError(f"{unknown[0]!r} is none of {known}; or say none")
    return names
