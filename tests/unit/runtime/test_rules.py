import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway_runtime.errors import ModelError, Reason, RefusedError
from slipway_runtime.rules import Rules, parse
from slipway_runtime.signature import Datatype, Signature, TensorSpec

SIGNATURE = Signature(
    (
        TensorSpec("X", Datatype.FP32, (None, 4)),
        TensorSpec("count", Datatype.UINT8, (None, 1)),
        TensorSpec("city", Datatype.BYTES, (None, 1)),
        TensorSpec("flag", Datatype.BOOL, (None,)),
    ),
    (TensorSpec("Y", Datatype.FP32, (None,)),),
)


def rules(*entries: dict[str, Any]) -> Rules:
    return parse(json.dumps(entries), SIGNATURE)


def check(known: Rules, **feed: Any) -> None:
    known.check(
        {name: np.array(values, _kind(name)) for name, values in feed.items()},
        lambda name, index: f"{name}{list(index)}",
    )


def _kind(name: str) -> Any:
    return next(spec.datatype.numpy for spec in SIGNATURE.inputs if spec.name == name)


@pytest.mark.parametrize("nothing", ["", "[]"])
def test_no_rules_allow_everything(nothing: str) -> None:
    check(parse(nothing, SIGNATURE), X=[[float("nan")] * 4])


@given(st.floats(width=32, allow_nan=False))
def test_a_range_admits_what_lies_within_and_its_ends(value: float) -> None:
    known = rules({"name": "X", "range": [-1.5, 10]})

    if -1.5 <= value <= 10:
        check(known, X=[[value]])
    else:
        with pytest.raises(RefusedError, match=r"X\[0, 0\]: .* is outside -1.5 to 10"):
            check(known, X=[[value]])


def test_the_end_of_a_range_is_admitted_as_the_model_sees_it() -> None:
    check(rules({"name": "X", "range": [0, 0.1]}), X=[[0.1]])


def test_the_first_value_that_breaks_a_rule_is_named() -> None:
    with pytest.raises(RefusedError, match=r"X\[1, 2\]: 99.0 is outside 0 to 10"):
        check(rules({"name": "X", "range": [0, 10]}), X=[[1, 2, 3, 4], [1, 2, 99, 98]])


def test_a_missing_number_is_outside_of_every_range() -> None:
    with pytest.raises(RefusedError, match=r"a missing number \(null\) is outside"):
        check(rules({"name": "X", "range": [0, 10]}), X=[[float("nan")]])


def test_only_allowed_values_are_admitted() -> None:
    known = rules(
        {"name": "city", "values": ["Oslo", "Rome"]},
        {"name": "count", "values": [1, 2]},
        {"name": "flag", "values": [True]},
    )

    check(known, city=[["Rome"]], count=[[2]], flag=[True])
    with pytest.raises(RefusedError, match=r"city\[0, 0\]: Bonn is none of the allowed .*: Oslo, "):
        check(known, city=[["Bonn"]], count=[[2]], flag=[True])
    with pytest.raises(RefusedError, match=r"count\[0, 0\]: 3 is none"):
        check(known, city=[["Rome"]], count=[[3]], flag=[True])
    with pytest.raises(RefusedError, match=r"flag\[0\]: False is none"):
        check(known, city=[["Rome"]], count=[[2]], flag=[False])


def test_text_has_a_longest_length_in_characters() -> None:
    known = rules({"name": "city", "maxLength": 4})

    check(known, city=[["日本日本"]])
    with pytest.raises(RefusedError, match="Paris is longer than 4 characters"):
        check(known, city=[["Rome"], ["Paris"]])


def test_no_rows_break_no_rule() -> None:
    known = rules({"name": "city", "maxLength": 4}, {"name": "X", "range": [0, 1]})

    check(known, city=np.empty((0, 1)), X=np.empty((0, 4)))


def test_features_name_the_columns() -> None:
    known = rules({"name": "X", "features": ["a", "b", "c", "d"]})

    assert known.features("X") == ("a", "b", "c", "d")
    assert known.features("count") is None


@pytest.mark.parametrize(
    ("entries", "words"),
    [
        ("{", "not a JSON list"),
        ("{}", "not a JSON list"),
        ('[{"range": [0, 1]}]', "0.name: Field required"),
        ('[{"name": "X", "rnage": [0, 1]}]', "0.rnage: Extra inputs"),
        ('[{"name": "X", "range": [2, 1]}]', "[lowest, highest]"),
        ('[{"name": "X", "range": [0]}]', "0.range"),
        ('[{"name": "X", "values": []}]', "0.values"),
        ('[{"name": "X", "features": ["a", "a", "b", "c"]}]', "features must differ"),
        ('[{"name": "Z"}]', "no input 'Z'; it takes X, count, city, flag"),
        ('[{"name": "X"}, {"name": "X"}]', "named twice"),
        ('[{"name": "city", "range": [0, 1]}]', "'city' is BYTES, which has no range"),
        ('[{"name": "flag", "range": [0, 1]}]', "'flag' is BOOL, which has no range"),
        ('[{"name": "X", "maxLength": 3}]', "maxLength is for text"),
        ('[{"name": "count", "values": [1.5]}]', "the allowed value 1.5 is not"),
        ('[{"name": "count", "values": [300]}]', "the allowed value 300 is not"),
        ('[{"name": "city", "values": [1]}]', "the allowed value 1 is not"),
        ('[{"name": "X", "features": ["a", "b"]}]', "'X' has 4 columns, 2 features"),
        ('[{"name": "flag", "features": ["a"]}]', "features are the columns"),
        ('[{"name": "X", "features": ["a", "b", "c", "city"]}]', "share the feature city"),
    ],
)
def test_a_rule_that_does_not_fit_the_model_ends_the_start(entries: str, words: str) -> None:
    with pytest.raises(ModelError) as caught:
        parse(entries, SIGNATURE)
    assert caught.value.reason is Reason.LOAD_FAILED
    assert words in caught.value.message
