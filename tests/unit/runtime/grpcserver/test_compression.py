"""Compressed messages are inflated, within a bound."""

import gzip
import zlib
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway_runtime.errors import RefusedError
from slipway_runtime.grpcserver.compression import bound, inflate, is_compressed
from slipway_runtime.messages import open_inference_pb2 as pb

COMPRESSIONS: list[Callable[[bytes], bytes]] = [gzip.compress, zlib.compress]


@given(st.binary(max_size=500), st.sampled_from(COMPRESSIONS))
def test_what_was_compressed_comes_back(message: bytes, compress: Callable[[bytes], bytes]) -> None:
    compressed = compress(message)

    assert is_compressed(compressed)
    assert inflate(compressed, 500) == message
    assert len(message) <= bound(compressed, 500)


@pytest.mark.parametrize("message", [b"", b"\x0a\x01m", b"\x12\x01m", b"\x10\x01"])
def test_plain_messages_do_not_look_compressed(message: bytes) -> None:
    assert not is_compressed(message)
    assert bound(message, 500) == len(message)


def test_no_message_of_the_protocol_begins_like_a_compressed_one() -> None:
    for message in pb.DESCRIPTOR.message_types_by_name.values():
        tags = {field.number << 3 | wire for field in message.fields for wire in (0, 1, 2, 5)}
        assert not {0x1F, 0x78} & tags


@pytest.mark.parametrize("compress", COMPRESSIONS)
def test_what_swells_is_refused_where_it_becomes_too_large(
    compress: Callable[[bytes], bytes],
) -> None:
    with pytest.raises(RefusedError, match="decompressed") as caught:
        inflate(compress(bytes(1001)), 1000)
    assert caught.value.status == 413
    assert inflate(compress(bytes(1000)), 1000) == bytes(1000)


@pytest.mark.parametrize("broken", [b"\x1f\x8b", b"\x1f\x8bxx", b"\x78\x9c", b"\x78abc"])
def test_what_is_broken_is_refused(broken: bytes) -> None:
    with pytest.raises(RefusedError, match=r"is not|ends in the middle"):
        inflate(broken, 1000)
