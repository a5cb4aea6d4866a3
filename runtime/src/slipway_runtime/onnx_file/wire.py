"""Walk the protobuf wire format of a buffer: field numbers and extents, nothing more.

Bounds are checked at every step; a lying length is an error, never a read beyond the end.
"""

import mmap
import re
from collections.abc import Iterator
from typing import Final, NamedTuple

Buffer = bytes | mmap.mmap

VARINT: Final = 0
_FIXED64: Final = 1
BYTES: Final = 2
_FIXED32: Final = 5
_LONGEST_VARINT: Final = 10

# Attributes hold floats (7), ints (8) and short texts (9) one field each, and a tree ensemble has
# millions of them. No message keeps a message in these fields: skip runs of them at C speed.
_SHORT_TEXTS = b"|".join(
    b"\x4a" + re.escape(bytes([length])) + b"[\\s\\S]{%d}" % length for length in range(1, 16)
)
_RUNS = re.compile(
    rb"(?:\x3d[\s\S]{4})+|(?:\x40[\x80-\xff]{0,9}[\x00-\x7f])+|(?:" + _SHORT_TEXTS + rb")+"
)


class MalformedError(Exception):
    """The bytes are no protobuf message."""


class TruncatedError(MalformedError):
    """The message promises more bytes than there are."""


class AbsurdError(MalformedError):
    """The message is well formed, and holds what no honest model does; says what."""


class Field(NamedTuple):
    """One field: its number, and its value (varint) or where its bytes lie."""

    number: int
    kind: int
    value: int
    start: int
    end: int


def fields(buffer: Buffer, start: int, end: int) -> Iterator[Field]:
    """Yield the fields of the message in buffer[start:end]."""
    position = start
    while position < end:
        if run := _RUNS.match(buffer, position, end):
            position = run.end()
            continue
        tag, position = _varint(buffer, position, end)
        number, kind = tag >> 3, tag & 7
        value, first, position = _payload(buffer, position, end, kind)
        if number == 0:
            raise MalformedError
        yield Field(number, kind, value, first, position)


def _payload(buffer: Buffer, position: int, end: int, kind: int) -> tuple[int, int, int]:
    value = 0
    first = position
    if kind == VARINT:
        value, position = _varint(buffer, position, end)
    elif kind == BYTES:
        length, first = _varint(buffer, position, end)
        position = first + length
    elif kind == _FIXED64:
        position += 8
    elif kind == _FIXED32:
        position += 4
    else:
        raise MalformedError
    if position > end:
        raise TruncatedError
    return value, first, position


def varints(buffer: Buffer, field: Field) -> Iterator[int]:
    """Yield the numbers of a repeated field, packed or one by one."""
    if field.kind == VARINT:
        yield field.value
    position = field.start
    while field.kind == BYTES and position < field.end:
        value, position = _varint(buffer, position, field.end)
        yield value


def text(buffer: Buffer, field: Field, most: int = 4096) -> str:
    """Read a text; what no honest model has a longer one of is cut."""
    return bytes(buffer[field.start : min(field.end, field.start + most)]).decode(
        errors="surrogateescape"
    )


def _varint(buffer: Buffer, position: int, end: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 7 * _LONGEST_VARINT, 7):
        if position >= end:
            raise TruncatedError
        byte = buffer[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, position
    raise MalformedError
