import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway_runtime.errors import RefusedError
from slipway_runtime.predict import Rows, SimpleApi
from slipway_runtime.rules import Rules, parse
from slipway_runtime.signature import Datatype, Dim, Signature, Tensor, TensorSpec

NO_RULES = Rules({})
FEATURES = ["sepal_length", "sepal_width", "petal_length", "petal_width"]
FLOWER = dict(zip(FEATURES, [5.1, 3.5, 1.4, 0.2], strict=True))


def floats(values: Any) -> Tensor:
    return np.array(values, np.float32)


def spec(name: str, datatype: Datatype, *shape: Dim) -> TensorSpec:
    return TensorSpec(name, datatype, shape)


IRIS = Signature(
    (spec("X", Datatype.FP32, None, 4),),
    (spec("label", Datatype.INT64, None), spec("probabilities", Datatype.FP32, None, 3)),
)
NAMED = SimpleApi(IRIS, parse(json.dumps([{"name": "X", "features": FEATURES}]), IRIS))
PLAIN = SimpleApi(IRIS, NO_RULES)
TABLE = SimpleApi(
    Signature(
        (spec("age", Datatype.INT32, None, 1), spec("city", Datatype.BYTES, None, 1)),
        (spec("score", Datatype.FP32, None, 1),),
    ),
    NO_RULES,
)
WHOLE = SimpleApi(Signature((spec("X", Datatype.FP32, 3),), (spec("Y", Datatype.FP32),)), NO_RULES)


def decode(api: SimpleApi, document: Any) -> Rows:
    return api.decode(json.loads(json.dumps(document)))


def refusal(api: SimpleApi, document: Any) -> str:
    with pytest.raises(RefusedError) as caught:
        decode(api, document)
    assert caught.value.status == 400
    return caught.value.message


def test_named_features_become_the_columns_of_the_input() -> None:
    rows = decode(NAMED, FLOWER)

    assert rows.single
    assert rows.feed["X"].tolist() == floats([[5.1, 3.5, 1.4, 0.2]]).tolist()


def test_the_order_of_the_names_does_not_matter() -> None:
    backwards = dict(reversed(FLOWER.items()))

    assert decode(NAMED, backwards).feed["X"].tolist() == decode(NAMED, FLOWER).feed["X"].tolist()


def test_a_list_of_rows_is_a_batch() -> None:
    rows = decode(NAMED, [FLOWER, FLOWER])

    assert not rows.single
    assert rows.feed["X"].shape == (2, 4)


def test_without_feature_names_a_row_holds_a_list() -> None:
    assert decode(PLAIN, {"X": [1, 2, 3, 4]}).feed["X"].tolist() == [[1, 2, 3, 4]]


def test_a_column_of_its_own_takes_a_bare_value_or_a_list_of_one() -> None:
    rows = decode(TABLE, [{"age": 33, "city": "Oslo"}, {"age": [34], "city": ["Rome"]}])

    assert rows.feed["age"].tolist() == [[33], [34]]
    assert rows.feed["city"].tolist() == [["Oslo"], ["Rome"]]


def test_sizes_that_the_model_leaves_free_are_read_off_the_first_row() -> None:
    words = SimpleApi(Signature((spec("ids", Datatype.INT64, None, None, 2),), ()), NO_RULES)

    assert decode(words, [{"ids": [[1, 2]] * 3}] * 2).feed["ids"].shape == (2, 3, 2)
    assert "row 1: 'ids': 1 values where 3 belong" in refusal(
        words, [{"ids": [[1, 2]] * 3}, {"ids": [[1, 2]]}]
    )


def test_an_empty_list_is_a_row_where_the_size_is_free() -> None:
    words = SimpleApi(Signature((spec("ids", Datatype.INT64, None, None),), ()), NO_RULES)

    assert decode(words, {"ids": []}).feed["ids"].shape == (1, 0)


def test_a_model_that_does_not_count_rows_takes_whole_tensors() -> None:
    assert decode(WHOLE, {"X": [1, 2, 3]}).feed["X"].tolist() == [1, 2, 3]
    assert "not a list of rows" in refusal(WHOLE, [{"X": [1, 2, 3]}])
    assert refusal(WHOLE, {"X": [1, 2]}) == "'X': 2 values where 3 belong"


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ({}, "missing 'sepal_length', 'sepal_width', 'petal_length', 'petal_width'; the model"),
        ([FLOWER, {}], "row 1: missing"),
        ({**FLOWER, "color": 1}, "does not know 'color'; it takes 'sepal_length'"),
        ([FLOWER, {**FLOWER, "color": 1}], "row 1: the model does not know 'color'"),
        ({**FLOWER, "sepal_width": "wide"}, "'sepal_width': text (wide) where FP32 takes a number"),
        ([FLOWER, {**FLOWER, "petal_width": True}], "row 1: 'petal_width': true/false"),
        ([FLOWER, {**FLOWER, "petal_width": [1]}], "row 1: 'petal_width': a list"),
        ({**FLOWER, "petal_width": 1e300}, "'petal_width': 1e+300 is out of range for FP32"),
        ([], "the list of rows is empty"),
        ([FLOWER, 5], "row 1: a number (5) where an object"),
        ([FLOWER, [1]], "row 1: a list where an object"),
        ("text", "text (text) where an object"),
        (None, "null where an object"),
    ],
)
def test_what_does_not_fit_is_named_by_row_and_feature(document: Any, words: str) -> None:
    assert words in refusal(NAMED, document)


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ({"X": [1, 2, 3]}, "'X': 3 values where 4 belong"),
        ([{"X": [1, 2, 3, 4]}, {"X": [1]}], "row 1: 'X': 1 values where 4 belong"),
        ({"X": 5}, "'X': a number (5) where a list of shape [4] belongs"),
        ({"X": [[1, 2, 3, 4]]}, "'X': 1 values where 4 belong"),
        ({"X": [1, 2, 3, "x"]}, "'X'[3]: text (x)"),
        ([{"X": [1, 2, 3, 4]}, {"X": [1, 2, None, "x"]}], "row 1: 'X'[3]: text"),
        (FLOWER, "missing 'X'"),
    ],
)
def test_a_wrong_list_is_named(document: Any, words: str) -> None:
    assert words in refusal(PLAIN, document)


def test_a_model_of_one_row_takes_no_two() -> None:
    one = SimpleApi(
        Signature((spec("X", Datatype.FP32, 1, 2),), (spec("Y", Datatype.FP32, 1, 2),)), NO_RULES
    )

    assert decode(one, [{"X": [1, 2]}]).feed["X"].shape == (1, 2)
    assert "one row at a time" in refusal(one, [{"X": [1, 2]}] * 2)


def test_a_batch_is_a_list_of_rows_and_answered_by_one() -> None:
    inference, reply = NAMED.read(json.dumps([FLOWER]).encode(), batch=True)
    outputs: list[Tensor] = [np.array([2]), floats([[0.1, 0.2, 0.7]])]

    assert inference.feed["X"].shape == (1, 4)
    assert json.loads(reply.write(outputs)[0]) == [{"label": 2, "probabilities": [0.1, 0.2, 0.7]}]
    for document in (FLOWER, 5, "text", None):
        with pytest.raises(RefusedError, match="where a list of rows belongs"):
            NAMED.read(json.dumps(document).encode(), batch=True)


def test_values_are_coerced_where_they_can_mean_only_one_thing() -> None:
    assert decode(TABLE, {"age": "33", "city": "Oslo"}).feed["age"].tolist() == [[33]]
    assert decode(TABLE, {"age": 33.0, "city": "Oslo"}).feed["age"].tolist() == [[33]]
    assert decode(NAMED, {**FLOWER, "sepal_width": " 3.5 "}).feed["X"][0, 1] == 3.5
    assert "row 1: 'age': a decimal number (33.5) where INT32" in refusal(
        TABLE, [{"age": "33", "city": "a"}, {"age": 33.5, "city": "a"}]
    )


def test_many_names_are_cut_in_messages() -> None:
    many = {f"feature {number}": 1 for number in range(1000)}

    assert len(refusal(NAMED, {**FLOWER, **many})) < 1000


def test_a_single_row_is_answered_by_an_object_and_a_list_by_a_list() -> None:
    outputs: list[Tensor] = [np.array([2]), floats([[0.1, 0.2, 0.7]])]

    single = json.loads(NAMED.encode(decode(NAMED, FLOWER), outputs))
    batch = json.loads(NAMED.encode(decode(NAMED, [FLOWER]), outputs))

    assert single == {"label": 2, "probabilities": [0.1, 0.2, 0.7]}
    assert batch == [single]


def test_one_number_a_row_is_answered_bare() -> None:
    rows = decode(TABLE, [{"age": 1, "city": "a"}] * 2)

    assert json.loads(TABLE.encode(rows, [floats([[1.5], [2.5]])])) == [
        {"score": 1.5},
        {"score": 2.5},
    ]


def test_a_whole_tensor_is_answered_whole() -> None:
    rows = decode(WHOLE, {"X": [1, 2, 3]})

    assert json.loads(WHOLE.encode(rows, [floats(0.1)])) == {"Y": 0.1}


def test_an_output_that_does_not_count_the_rows_goes_whole_with_a_single_row_only() -> None:
    boxes: list[Tensor] = [np.array([1, 2, 3]), np.zeros((3, 3), np.float32)]

    assert json.loads(PLAIN.encode(decode(PLAIN, {"X": [1, 2, 3, 4]}), boxes))["label"] == [1, 2, 3]
    with pytest.raises(RefusedError, match="send one row at a time"):
        PLAIN.encode(decode(PLAIN, [{"X": [1, 2, 3, 4]}] * 2), boxes)


@pytest.mark.parametrize(
    "column",
    [
        np.array([True, False]),
        np.array([1, 2], np.int8),
        np.array([1, 2], np.uint64),
        np.array([0.5, 2], np.float16),
        np.array([0.1, 2], np.float64),
        np.array(["a", "ü"], object),
    ],
)
def test_a_column_of_every_type_is_written(column: Any) -> None:
    api = SimpleApi(
        Signature((spec("X", Datatype.FP32, None),), (spec("Y", Datatype.FP32, None),)), NO_RULES
    )

    written = json.loads(api.encode(decode(api, [{"X": 1}, {"X": 2}]), [column]))

    assert [row["Y"] for row in written] == column.tolist()


def test_nan_is_written_as_null() -> None:
    rows = decode(TABLE, {"age": 1, "city": "a"})

    assert TABLE.encode(rows, [floats([[np.nan]])]) == b'{"score":null}'


def test_a_place_is_named_in_the_clients_words() -> None:
    assert NAMED.place(False, "X", (3, 1)) == "row 3: 'sepal_width'"
    assert NAMED.place(True, "X", (0, 1)) == "'sepal_width'"
    assert PLAIN.place(False, "X", (3, 1)) == "row 3: 'X'[1]"
    assert TABLE.place(False, "age", (3, 0)) == "row 3: 'age'"
    assert WHOLE.place(True, "X", (2,)) == "'X'[2]"


@given(
    st.lists(st.fixed_dictionaries({name: st.floats(-1e6, 1e6) for name in FEATURES}), min_size=1)
)
def test_every_value_lands_in_its_row_and_column(rows: list[dict[str, float]]) -> None:
    feed = decode(NAMED, rows).feed["X"]

    expected = np.array([[row[name] for name in FEATURES] for row in rows], np.float32)
    assert np.array_equal(feed, expected)
