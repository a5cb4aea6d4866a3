"""Messages that came compressed, inflated within a bound.

gRPC's own inflating has none: a few MiB of zeros would fill the memory and end the process. So it
is switched off, and done here. Nobody says which messages are compressed, but no message of this
protocol begins like a compressed one.
"""

import zlib
from typing import Final

from slipway_runtime.errors import RefusedError, bad_request

_BEGINNINGS: Final = (b"\x1f\x8b", b"\x78")  # gzip, and zlib, which is what HTTP calls deflate
_EITHER: Final = 32 + zlib.MAX_WBITS
_BEST_RATIO: Final = 1032


def is_compressed(message: bytes) -> bool:
    """Tell by its first bytes."""
    return message.startswith(_BEGINNINGS)


def bound(message: bytes, largest: int) -> int:
    """Say how large a message may be once it is inflated."""
    return min(largest, len(message) * _BEST_RATIO) if is_compressed(message) else len(message)


def inflate(message: bytes, largest: int) -> bytes:
    """Inflate a compressed message; refuse one that is broken or becomes too large."""
    inflating = zlib.decompressobj(_EITHER)
    try:
        inflated = inflating.decompress(message, largest)
    except zlib.error as error:
        raise bad_request(f"the compressed message is broken: {error}") from None
    if inflating.unconsumed_tail:
        raise RefusedError(413, f"the message inflates to more than the {largest} bytes allowed")
    if not inflating.eof:
        raise bad_request("the compressed message ends too early")
    return inflated
