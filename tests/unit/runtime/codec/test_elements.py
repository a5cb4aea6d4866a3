import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from slipway_runtime.codec.elements import (
    ElementError,
    ShapeError,
    describe,
    flatten,
    to_array,
    unravel,
)
from slipway_runtime.signature import Datatype

INTEGERS = [datatype for datatype in Datatype if datatype.numpy.kind in "iu"]
FLOATS = [datatype for datatype in Datatype if datatype.is_float]

shapes = st.lists(st.integers(1, 4), min_size=1, max_size=4)


@given(shapes)
def test_nested_lists_are_flattened_in_row_major_order(shape: list[int]) -> None:
    nested = np.arange(math.prod(shape)).reshape(shape).tolist()

    assert flatten(nested, shape) == list(range(math.prod(shape)))


@given(shapes)
def test_a_flat_index_unravels_as_numpy_does_it(shape: list[int]) -> None:
    last = math.prod(shape) - 1

    assert unravel(last, shape) == tuple(int(i) for i in np.unravel_index(last, shape))


@pytest.mark.parametrize(
    ("data", "path", "words"),
    [
        ([[1, 2]], (), "1 values where 2 belong"),
        ([[1, 2], [3]], (1,), "1 values where 2 belong"),
        ([[1, 2], 3], (1,), "a number (3) where a list of 2 values belongs"),
        ([[1, 2], None], (1,), "null where a list"),
        ([[1, 2], {"a": 1}], (1,), "an object where a list"),
    ],
)
def test_the_wrong_list_is_named(data: Any, path: tuple[int, ...], words: str) -> None:
    with pytest.raises(ShapeError, match=words.replace("(", r"\(").replace(")", r"\)")) as caught:
        flatten(data, [2, 2])
    assert caught.value.path == path


@given(npst.arrays(np.float32, 5, elements=st.floats(width=32, allow_nan=False)))
def test_floats_survive_exactly_unless_infinite(values: Any) -> None:
    finite = np.nan_to_num(values, posinf=0, neginf=0)

    assert to_array(finite.tolist(), Datatype.FP32).tolist() == finite.tolist()


@pytest.mark.parametrize("datatype", FLOATS)
def test_null_is_nan_in_a_float(datatype: Datatype) -> None:
    assert np.isnan(to_array([1, None], datatype)[1])


@pytest.mark.parametrize("datatype", INTEGERS)
@given(data=st.data())
def test_whole_numbers_survive_exactly_or_are_refused(datatype: Datatype, data: Any) -> None:
    value = data.draw(st.integers(-(2**64), 2**65))
    bounds = np.iinfo(datatype.numpy)

    if bounds.min <= value <= bounds.max:
        assert int(to_array([value], datatype)[0]) == value
    else:
        with pytest.raises(ElementError, match="out of range"):
            to_array([0, value], datatype)


@pytest.mark.parametrize(
    ("value", "datatype", "words"),
    [
        (2.7, Datatype.INT32, "a decimal number (2.7) where INT32 takes a whole number"),
        (3.0, Datatype.INT64, "takes a whole number"),
        (True, Datatype.INT32, "true/false (True) where INT32"),
        (True, Datatype.FP32, "true/false (True) where FP32 takes a number"),
        ("1.5", Datatype.FP32, "text (1.5) where FP32 takes a number"),
        ("false", Datatype.BOOL, "text (false) where BOOL takes true or false"),
        (1, Datatype.BOOL, "a number (1) where BOOL"),
        (1, Datatype.BYTES, "a number (1) where BYTES takes text"),
        (None, Datatype.INT32, "null where INT32"),
        (None, Datatype.BYTES, "null where BYTES takes text"),
        ([1], Datatype.FP32, "a list where FP32"),
        ({"a": 1}, Datatype.FP32, "an object where FP32"),
        (300, Datatype.UINT8, "300 is out of range for UINT8"),
        (-1, Datatype.UINT64, "-1 is out of range for UINT64"),
        (1e39, Datatype.FP32, "1e+39 is out of range for FP32"),
        (70000, Datatype.FP16, "70000 is out of range for FP16"),
    ],
)
def test_what_numpy_would_bend_is_refused(value: Any, datatype: Datatype, words: str) -> None:
    good = {"f": 1.0, "i": 1, "u": 1, "b": True, "O": "a"}[datatype.numpy.kind]
    with pytest.raises(ElementError) as caught:
        to_array([good, value, good], datatype)
    assert words in caught.value.message
    assert caught.value.index == 1


@given(st.lists(st.text()))
def test_text_of_any_kind_survives(texts: list[str]) -> None:
    array = to_array(texts, Datatype.BYTES)

    assert array.tolist() == texts
    assert array.dtype == object


def test_no_values_make_an_empty_array() -> None:
    assert all(to_array([], datatype).size == 0 for datatype in Datatype)


def test_a_long_value_is_cut_in_messages() -> None:
    assert len(describe("x" * 1000)) < 60
