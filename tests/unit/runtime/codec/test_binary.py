import struct
from contextlib import suppress
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from slipway_runtime.codec import binary
from slipway_runtime.errors import RefusedError
from slipway_runtime.signature import Datatype, Tensor, TensorSpec

NUMBERS = [datatype for datatype in Datatype if datatype not in ("BYTES", "BF16")]


def spec(datatype: Datatype) -> TensorSpec:
    return TensorSpec("X", datatype, (None,))


def read(raw: bytes, datatype: Datatype, *shape: int) -> Tensor:
    return binary.read(raw, spec(datatype), shape, int(np.prod(shape)))


def framed(*texts: str | bytes) -> bytes:
    encoded = [text.encode() if isinstance(text, str) else text for text in texts]
    return b"".join(struct.pack("<I", len(text)) + text for text in encoded)


@given(st.data(), st.sampled_from(NUMBERS))
def test_numbers_of_every_type_and_shape_come_back_bit_by_bit(
    data: st.DataObject, datatype: Datatype
) -> None:
    array = data.draw(npst.arrays(datatype.numpy, npst.array_shapes(min_dims=0, min_side=0)))

    raw = bytes(binary.write(array, datatype))
    back = binary.read(raw, spec(datatype), array.shape, array.size)

    assert back.dtype == array.dtype
    assert back.shape == array.shape
    assert back.tobytes() == array.tobytes() == raw


@given(st.lists(st.text()))
def test_texts_come_back(texts: list[str]) -> None:
    array = np.array([*texts, None], object)[:-1]

    raw = binary.write(array, Datatype.BYTES)

    assert raw == framed(*texts)
    assert read(bytes(raw), Datatype.BYTES, len(texts)).tolist() == texts


def test_numbers_are_a_view_and_not_a_copy() -> None:
    raw = np.arange(4, dtype=np.float32).tobytes()

    array = binary.read(memoryview(raw), spec(Datatype.FP32), (2, 2), 4)

    assert np.shares_memory(array, np.frombuffer(raw, np.float32))
    assert array.tolist() == [[0, 1], [2, 3]]


def test_what_is_written_is_a_view_and_not_a_copy() -> None:
    array = np.arange(4, dtype=np.float32).reshape(2, 2)

    assert np.shares_memory(np.frombuffer(binary.write(array, Datatype.FP32), np.float32), array)


@pytest.mark.parametrize("offset", [1, 2, 3])
def test_numbers_at_an_odd_address_are_moved_to_an_even_one(offset: int) -> None:
    raw = bytes(offset) + np.arange(4, dtype=np.float32).tobytes()

    array = binary.read(memoryview(raw)[offset:], spec(Datatype.FP32), (4,), 4)

    assert array.flags.aligned
    assert array.tolist() == [0, 1, 2, 3]


def test_an_array_that_is_not_in_order_is_written_in_row_major_order() -> None:
    turned = np.arange(6, dtype=np.int8).reshape(2, 3).T

    assert bytes(binary.write(turned, Datatype.INT8)) == bytes([0, 3, 1, 4, 2, 5])
    assert bytes(binary.write(np.arange(3, dtype=np.int8)[::-1], Datatype.INT8)) == bytes([2, 1, 0])


def test_nan_and_infinity_are_exact() -> None:
    array = np.array([np.nan, np.inf, -np.inf, -0.0], np.float32)

    raw = bytes(binary.write(array, Datatype.FP32))

    assert read(raw, Datatype.FP32, 4).tobytes() == array.tobytes()


@given(st.binary(min_size=2, max_size=40).filter(lambda raw: len(raw) % 2 == 0))
def test_every_bf16_comes_back_as_it_went_but_for_the_kind_of_nan(raw: bytes) -> None:
    array = read(raw, Datatype.BF16, len(raw) // 2)
    back = np.frombuffer(bytes(binary.write(array, Datatype.BF16)), np.uint16)

    assert array.dtype == np.float32
    for bits, again, value in zip(np.frombuffer(raw, np.uint16), back, array, strict=True):
        assert again == bits or (np.isnan(value) and again == 0x7FC0)


@pytest.mark.parametrize(
    ("value", "rounded"),
    [
        (1.0, 0x3F80),
        (-2.0, 0xC000),
        (1.00390625, 0x3F80),
        (1.01171875, 0x3F82),
        (np.inf, 0x7F80),
        (3.4e38, 0x7F80),
    ],
)
def test_a_float_becomes_the_nearest_bf16_and_the_even_one_of_two(
    value: float, rounded: int
) -> None:
    raw = binary.write(np.array([value], np.float32), Datatype.BF16)

    assert np.frombuffer(raw, np.uint16).tolist() == [rounded]


@pytest.mark.parametrize(
    ("raw", "datatype", "shape", "words"),
    [
        (bytes(7), Datatype.FP32, (2,), "expected 8, got 7"),
        (bytes(9), Datatype.FP32, (2,), "expected 8, got 9"),
        (bytes(4), Datatype.FP32, (0,), "expected 0, got 4"),
        (b"", Datatype.FP32, (2**31 - 1, 2**31 - 1), "expected 18446744056529682436, got 0"),
        (bytes([0, 1, 2]), Datatype.BOOL, (3,), "a BOOL is a byte of 0 or 1, not 2"),
        (b"", Datatype.BYTES, (1,), "end within text 0"),
        (framed("a"), Datatype.BYTES, (2,), "end within text 1"),
        (framed("a")[:-1], Datatype.BYTES, (1,), "end within text 0"),
        (framed("a", "b"), Datatype.BYTES, (1,), "5 bytes follow the 1 texts"),
        (b"", Datatype.BYTES, (2**31 - 1,), "end within text 0"),
        (b"\xff\xff\xff\xffa", Datatype.BYTES, (1,), "end within text 0"),
        (framed("a", b"\xff"), Datatype.BYTES, (2,), "text 1: not UTF-8 (invalid start byte"),
        (framed(b"\xed\xa0\x80"), Datatype.BYTES, (1,), "text 0: not UTF-8"),
    ],
)
def test_bytes_that_do_not_fit_are_refused_in_words(
    raw: bytes, datatype: Datatype, shape: tuple[int, ...], words: str
) -> None:
    with pytest.raises(RefusedError) as caught:
        binary.read(raw, spec(datatype), shape, int(np.prod(shape, dtype=object)))
    assert caught.value.status == 400
    assert words in caught.value.message


@given(st.binary(max_size=60), st.sampled_from(Datatype), st.integers(0, 8))
def test_no_bytes_whatsoever_do_anything_but_fit_or_be_refused(
    raw: bytes, datatype: Datatype, count: int
) -> None:
    with suppress(RefusedError):
        assert binary.read(raw, spec(datatype), (count,), count).shape == (count,)


@given(st.lists(st.text(), max_size=20))
def test_the_cost_of_texts_is_an_upper_bound(texts: list[str]) -> None:
    raw = framed(*texts)
    taken = sum(memory_of(text) for text in read(raw, Datatype.BYTES, len(texts)))

    assert binary.cost(raw, has_text=True) >= taken


def memory_of(text: Any) -> int:
    """What Python takes for the characters, the object's head, and a pointer to it."""
    head = 49 if text.isascii() else 57
    widest = max(map(ord, text), default=0)
    width = 1 if widest < 256 else 2 if widest < 65536 else 4
    return head + width * len(text) + 8
