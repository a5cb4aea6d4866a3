"""Compressed bodies: gzip and deflate, both ways, with a bound on what a body may become.

Only the answer to an inference is ever compressed, and only for a client that names one coding.
Most HTTP libraries list several in every request: that is a habit, not a wish.
"""

import zlib
from collections.abc import Sequence
from typing import Final, NamedTuple

from slipway_runtime.errors import RefusedError, bad_request
from slipway_runtime.inference import Headers, Reply
from slipway_runtime.signature import Tensor

_WINDOWS: Final = {b"gzip": 16 + zlib.MAX_WBITS, b"deflate": zlib.MAX_WBITS}
_AS_IT_IS: Final = b"identity"
_FAST: Final = 1
_MIB: Final = 1024 * 1024


def coding(header: bytes | None) -> bytes | None:
    """Read `Content-Encoding`: how the body is compressed, if it is."""
    name = (header or _AS_IT_IS).strip().lower()
    if name == _AS_IT_IS:
        return None
    if name not in _WINDOWS:
        raise RefusedError(
            415,
            f"the body is compressed with {name.decode('latin-1')[:40]!r}; "
            "use gzip, deflate or nothing",
            (("accept-encoding", "gzip, deflate"),),
        )
    return name


def decompress(body: bytes, name: bytes, largest: int) -> bytes:
    """Decompress a body, but never to more than `largest` bytes."""
    stream = zlib.decompressobj(_WINDOWS[name])
    try:
        plain = stream.decompress(body, largest + 1)
    except zlib.error as error:
        raise bad_request(f"the body is not {name.decode()}: {error}") from None
    if len(plain) > largest:
        raise RefusedError(413, f"the body is larger than {largest // _MIB} MiB, decompressed")
    if not stream.eof:
        raise bad_request(f"the body ends in the middle of its {name.decode()} stream")
    if stream.unused_data:
        raise bad_request(f"{len(stream.unused_data)} bytes follow the {name.decode()} stream")
    return plain


class _Compressed(NamedTuple):
    reply: Reply
    name: bytes

    def write(self, tensors: Sequence[Tensor]) -> tuple[bytes, Headers]:
        body, headers = self.reply.write(tensors)
        stream = zlib.compressobj(_FAST, zlib.DEFLATED, _WINDOWS[self.name])
        return stream.compress(body) + stream.flush(), (*headers, (b"content-encoding", self.name))


def wished(reply: Reply, accept: bytes | None) -> Reply:
    """Compress the answer where `Accept-Encoding` names gzip or deflate and nothing else."""
    name = (accept or b"").strip().lower()
    return _Compressed(reply, name) if name in _WINDOWS else reply
