import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway_runtime import examples
from slipway_runtime.rules import Rules, parse
from slipway_runtime.signature import Datatype, Dim, Signature, TensorSpec

NO_RULES = Rules({})


def only(datatype: Datatype, *shape: Dim) -> Signature:
    return Signature((TensorSpec("X", datatype, shape),), (TensorSpec("Y", datatype, shape[:1]),))


def rules(signature: Signature, **rule: Any) -> Rules:
    return parse(json.dumps([{"name": "X", **rule}]), signature)


@pytest.mark.parametrize("datatype", Datatype)
def test_every_datatype_has_an_example(datatype: Datatype) -> None:
    array = examples.feed(only(datatype, None, 4), NO_RULES, 1)["X"]

    assert array.dtype == datatype.numpy
    assert array.shape == (1, 4)


def test_free_sizes_are_the_guess_and_the_rows_are_one() -> None:
    signature = only(Datatype.FP32, "N", 3, None, None)

    assert examples.feed(signature, NO_RULES, 32)["X"].shape == (1, 3, 32, 32)
    assert examples.has_free_sizes(signature, NO_RULES)


def test_named_features_leave_nothing_to_guess() -> None:
    signature = only(Datatype.FP32, None, None)
    named = rules(signature, features=["a", "b", "c"])

    assert examples.feed(signature, named, 32)["X"].shape == (1, 3)
    assert not examples.has_free_sizes(signature, named)


@given(
    st.integers(-1000, 1000), st.integers(0, 1000), st.sampled_from([Datatype.FP32, Datatype.INT32])
)
def test_an_example_keeps_within_its_range(low: int, width: int, datatype: Datatype) -> None:
    signature = only(datatype, None, 4)
    bounded = rules(signature, range=[low, low + width])

    bounded.check(examples.feed(signature, bounded, 1), lambda name, index: f"{name}{index}")


def test_an_example_is_one_of_the_allowed_values() -> None:
    signature = only(Datatype.BYTES, None, 1)

    assert examples.feed(signature, rules(signature, values=["b", "c"]), 1)["X"].tolist() == [["b"]]


def test_an_example_is_no_longer_than_allowed() -> None:
    signature = only(Datatype.BYTES, None, 1)

    assert examples.feed(signature, rules(signature, maxLength=3), 1)["X"].tolist() == [["exa"]]
