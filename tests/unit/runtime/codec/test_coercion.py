from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway_runtime.codec.coercion import coerce, to_array_kindly
from slipway_runtime.codec.elements import ElementError
from slipway_runtime.signature import Datatype


@pytest.mark.parametrize(
    ("value", "datatype", "meant"),
    [
        ("5.1", Datatype.FP32, 5.1),
        (" 5 ", Datatype.FP32, 5),
        ("-.5e3", Datatype.FP64, -500.0),
        ("7", Datatype.INT8, 7),
        ("7.0", Datatype.INT8, 7),
        (7.0, Datatype.UINT64, 7),
        ("true", Datatype.BOOL, True),
        (" False", Datatype.BOOL, False),
        (1, Datatype.BOOL, True),
        (0, Datatype.BOOL, False),
    ],
)
def test_what_can_mean_only_one_thing_is_taken_for_it(
    value: Any, datatype: Datatype, meant: Any
) -> None:
    assert coerce(value, datatype) == meant
    assert type(coerce(value, datatype)) is type(meant)


@pytest.mark.parametrize(
    ("value", "datatype"),
    [
        ("", Datatype.FP32),
        ("nan", Datatype.FP32),
        ("inf", Datatype.FP32),
        ("1_000", Datatype.FP32),
        ("0x10", Datatype.INT32),
        ("\u0663", Datatype.INT32),
        ("1" * 5000, Datatype.FP32),
        ("1e999", Datatype.FP32),
        ("300", Datatype.UINT8),
        (2.7, Datatype.INT32),
        ("2.7", Datatype.INT32),
        (1e300, Datatype.INT64),
        (True, Datatype.INT32),
        (True, Datatype.FP32),
        (None, Datatype.INT32),
        ("yes", Datatype.BOOL),
        (2, Datatype.BOOL),
        (1.0, Datatype.BOOL),
        (5, Datatype.BYTES),
        ([1], Datatype.FP32),
        ({}, Datatype.INT32),
    ],
)
def test_what_could_mean_something_else_is_refused(value: Any, datatype: Datatype) -> None:
    with pytest.raises(ElementError):
        to_array_kindly([value], datatype)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_number_written_as_text_is_that_number(number: float) -> None:
    assert to_array_kindly([str(number)], Datatype.FP64).tolist() == [number]


@given(st.text(), st.sampled_from(Datatype))
def test_no_text_does_anything_but_fit_or_be_refused(text: str, datatype: Datatype) -> None:
    with suppress(ElementError):
        assert to_array_kindly([text], datatype).size == 1
