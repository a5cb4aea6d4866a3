"""Messages that came compressed, inflated within a bound.

gRPC's own inflating has none: a few MiB of zeros would fill the memory and end the process. So it
is switched off, and done here. Nobody says which messages are compressed, but no message of this
protocol begins like a compressed one.
"""

from typing import Final

from slipway_runtime.codec.compression import decompress

_GZIP: Final = b"\x1f\x8b"
_DEFLATE: Final = b"\x78"
_BEST_RATIO: Final = 1032


def is_compressed(message: bytes) -> bool:
    """Tell by its first bytes."""
    return message.startswith((_GZIP, _DEFLATE))


def bound(message: bytes, largest: int) -> int:
    """Say how large a message may be once it is inflated."""
    return min(largest, len(message) * _BEST_RATIO) if is_compressed(message) else len(message)


def inflate(message: bytes, largest: int) -> bytes:
    """Inflate a compressed message; refuse one that is broken or becomes too large."""
    name = b"gzip" if message.startswith(_GZIP) else b"deflate"
    return decompress(message, name, largest)
