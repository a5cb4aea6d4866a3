"""The outermost fields of the gRPC messages, by hand: tensors go in and out without a copy.

protobuf would copy each tensor twice on either way. It still reads and writes all else; whatever
is unusual about a message is left to it, and so is the judgement whether it is one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from slipway_runtime.codec.binary import Bytes
from slipway_runtime.errors import bad_request

_ID: Final = 0x1A  # field 3 of a request
_RAW_INPUT: Final = 0x3A  # field 7 of a request
_RAW_OUTPUT: Final = b"\x32"  # field 6 of an answer
_IN_STREAM: Final = b"\x12"  # field 2 of an answer in a stream
_LENGTH_DELIMITED: Final = 2
_LARGEST_TAG: Final = 0x7F
_LONGEST_LENGTH: Final = 5
_MOST_FIELDS: Final = 16_384


@dataclass(frozen=True, slots=True)
class Parts:
    """A request as it came, in pieces."""

    rest: bytes
    """All but what follows: the same for most requests of a client."""
    id: bytes
    raw: Sequence[Bytes]


def split(message: bytes) -> Parts:
    """Take the id and the raw contents out of a request."""
    view, position, end = memoryview(message), 0, len(message)
    rest: list[Bytes] = []
    raw: list[Bytes] = []
    request_id = b""
    while position < end:
        start, tag = position, message[position]
        length, position = _length(message, position + 1)
        stop = position + length
        if tag > _LARGEST_TAG or tag & 7 != _LENGTH_DELIMITED or stop > end:
            return Parts(message, b"", ())
        if tag == _RAW_INPUT:
            raw.append(view[position:stop])
        elif tag == _ID:
            request_id = message[position:stop]
        else:
            rest.append(view[start:stop])
        position = stop
        if len(rest) + len(raw) > _MOST_FIELDS:
            raise bad_request(f"the message has more than {_MOST_FIELDS} inputs and other parts")
    return Parts(b"".join(rest), request_id, raw)


def _length(message: bytes, position: int) -> tuple[int, int]:
    if position < len(message) and (short := message[position]) < 0x80:
        return short, position + 1
    length = shift = 0
    for octet in message[position : position + _LONGEST_LENGTH]:
        length |= (octet & 0x7F) << shift
        position += 1
        shift += 7
        if octet < 0x80:
            return length, position
    return len(message) + 1, position  # beyond the end, hence unusual


def raw_output(content: Bytes) -> tuple[bytes, Bytes]:
    """Frame the bytes of one output, as a field of an answer."""
    return _RAW_OUTPUT + varint(len(content)), content


def in_stream(answer: bytes) -> bytes:
    """Wrap an answer for a stream."""
    return _IN_STREAM + varint(len(answer)) + answer


def varint(number: int) -> bytes:
    """Write a number as protobuf does."""
    octets = bytearray()
    while number > 0x7F:
        octets.append(number & 0x7F | 0x80)
        number >>= 7
    octets.append(number)
    return bytes(octets)
