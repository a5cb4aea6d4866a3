import json
import math
from contextlib import suppress
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from runtime_testing.requests import form
from slipway_runtime.codec import oip
from slipway_runtime.errors import RefusedError
from slipway_runtime.inference import Inference
from slipway_runtime.signature import Datatype, Signature, Tensor, TensorSpec

X = TensorSpec("X", Datatype.FP32, ("N", 2))


def signature(*inputs: TensorSpec, outputs: tuple[TensorSpec, ...] = (X,)) -> Signature:
    return Signature(inputs or (X,), outputs)


def tensor(**changes: Any) -> dict[str, Any]:
    good = {"name": "X", "datatype": "FP32", "shape": [1, 2], "data": [1, 2]}
    return {key: value for key, value in {**good, **changes}.items() if value is not ...}


def output(**parameters: Any) -> dict[str, Any]:
    return {"name": "X", "parameters": parameters}


def read(document: Any, known: Signature | None = None) -> tuple[Inference, Any]:
    return oip.read(json.dumps(document).encode(), None, form(known or signature()))


def decode(document: Any, known: Signature | None = None) -> dict[str, Tensor]:
    return read(document, known)[0].feed


def answered(spec: TensorSpec, array: Tensor) -> Any:
    """What an output of these values looks like in JSON."""
    known = signature(outputs=(spec,))
    body, headers = read({"inputs": [tensor()]}, known)[1].write([array])
    assert headers == ()
    return json.loads(body)["outputs"][0]


def refusal(document: Any, known: Signature | None = None) -> str:
    with pytest.raises(RefusedError) as caught:
        decode(document, known)
    assert caught.value.status == 400
    return caught.value.message


@pytest.mark.parametrize("data", [[1, 2, 3, 4], [[1, 2], [3, 4]]])
def test_flat_and_nested_data_are_the_same(data: Any) -> None:
    feed = decode({"inputs": [tensor(shape=[2, 2], data=data)]})

    assert feed["X"].tolist() == [[1, 2], [3, 4]]
    assert feed["X"].dtype == np.float32


@given(
    npst.arrays(
        npst.integer_dtypes(endianness="=") | npst.unsigned_integer_dtypes(endianness="="),
        npst.array_shapes(min_dims=1, max_dims=4, min_side=0),
    ),
    st.booleans(),
)
def test_whole_numbers_of_every_type_and_shape_come_back_as_they_went(
    array: Tensor, nested: bool
) -> None:
    datatype = next(d for d in Datatype if d.numpy == array.dtype)
    spec = TensorSpec("X", datatype, (None,) * array.ndim)
    sent = array if nested else array.ravel()

    request = tensor(datatype=str(datatype), shape=list(array.shape), data=sent.tolist())
    feed = decode({"inputs": [request]}, signature(spec))
    answer = answered(spec, feed["X"])

    assert feed["X"].dtype == array.dtype
    assert answer["data"] == array.ravel().tolist()
    assert answer["shape"] == list(array.shape)


@given(npst.arrays(np.float32, npst.array_shapes(), elements=st.floats(width=32)))
def test_floats_come_back_exactly_and_without_a_word_for_nan(array: Tensor) -> None:
    spec = TensorSpec("X", Datatype.FP32, (None,) * array.ndim)

    answer = answered(spec, array)

    for value, written in zip(array.ravel(), answer["data"], strict=True):
        if math.isfinite(value):
            assert np.float32(written) == value
        else:
            assert written is None


def test_an_array_that_is_not_contiguous_is_written_in_row_major_order() -> None:
    turned = np.arange(6, dtype=np.float32).reshape(2, 3).T

    answer = answered(X, turned)

    assert answer["data"] == [0, 3, 1, 4, 2, 5]


@given(st.lists(st.text(), min_size=1))
def test_text_comes_back_as_it_went(texts: list[str]) -> None:
    spec = TensorSpec("X", Datatype.BYTES, (None,))
    request = tensor(datatype="BYTES", shape=[len(texts)], data=texts)

    feed = decode({"inputs": [request]}, signature(spec))
    answer = answered(spec, feed["X"])

    assert answer["data"] == texts


def test_a_tensor_without_elements_is_a_tensor() -> None:
    assert decode({"inputs": [tensor(shape=[0, 2], data=[])]})["X"].shape == (0, 2)


def test_a_tensor_without_dimensions_is_a_tensor() -> None:
    scalar = signature(TensorSpec("X", Datatype.FP32, ()))

    assert decode({"inputs": [tensor(shape=[], data=[7])]}, scalar)["X"].shape == ()


def test_a_datatype_in_small_letters_is_understood() -> None:
    assert decode({"inputs": [tensor(datatype="fp32")]})["X"].tolist() == [[1, 2]]


def test_parameters_and_unknown_members_are_tolerated() -> None:
    document = {
        "id": "7",
        "parameters": {
            "priority": 3,
            "timeout": 1_500_000,
            "sequence_id": 9,
            "mine": "a",
            "no": None,
        },
        "inputs": [tensor(parameters={"anything": 1})],
        "outputs": [{"name": "X", "parameters": {"something": True}}],
        "unknown": {},
    }
    inference, _ = read(document)

    assert inference.id == "7"
    assert inference.outputs == (X,)
    assert inference.parameters == {"mine": "a"}
    assert inference.timeout == 1.5


def test_a_timeout_of_zero_is_none() -> None:
    assert read({"parameters": {"timeout": 0}, "inputs": [tensor()]})[0].timeout is None


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ([], "must be a JSON object"),
        (1, "must be a JSON object"),
        ({}, "'inputs' must be a list"),
        ({"inputs": []}, "expected 1 inputs but got 0; missing input 'X'; the model takes 'X'"),
        ({"inputs": {}}, "'inputs' must be a list"),
        ({"inputs": [1]}, "an object with a 'name'"),
        ({"inputs": [{"name": 1}]}, "an object with a 'name'"),
        ({"inputs": [tensor()], "id": 7}, "'id' must be text"),
        ({"inputs": [tensor()], "parameters": []}, "'parameters' of the request"),
        ({"inputs": [tensor(parameters=1)]}, "'parameters' of input 'X'"),
        ({"inputs": [tensor(), tensor()]}, "input 'X' already exists in request"),
        ({"inputs": [tensor()], "outputs": 5}, "'outputs' must be a list"),
        ({"inputs": [tensor()], "outputs": [{"name": "X"}] * 2}, "output 'X' already exists in"),
        ({"inputs": [tensor()], "outputs": [output(binary_data=1)]}, "'binary_data' of output 'X'"),
        ({"inputs": [tensor()], "outputs": [output(classification=3)]}, "'classification' is not"),
        (
            {"inputs": [tensor()], "outputs": [output(shared_memory_region="a")]},
            "'shared_memory_region' is not supported",
        ),
        (
            {"inputs": [tensor()], "parameters": {"binary_data_output": "yes"}},
            "'binary_data_output' of the request must be true or false",
        ),
        ({"inputs": [tensor()], "parameters": {"timeout": -1}}, "number of microseconds"),
        ({"inputs": [tensor()], "parameters": {"timeout": 1.5}}, "number of microseconds"),
        ({"inputs": [tensor()], "parameters": {"a": {"b": 1}}}, "parameter 'a' must be text"),
        ({"inputs": [tensor(name="Y")]}, "unknown input 'Y'; the model takes 'X'"),
        ({"inputs": [tensor(), tensor(name="Y")]}, "unknown input 'Y'"),
        ({"inputs": [tensor(datatype="FP64")]}, "datatype FP32, the request says 'FP64'"),
        ({"inputs": [tensor(datatype=...)]}, "the request says None"),
        ({"inputs": [tensor(shape=...)]}, "needs 'shape'"),
        ({"inputs": [tensor(shape=[1, 2.0])]}, "whole numbers"),
        ({"inputs": [tensor(shape=[True, 2])]}, "whole numbers"),
        ({"inputs": [tensor(shape=[-1, 2])]}, "negative or too large"),
        ({"inputs": [tensor(shape=[2**63, 2])]}, "negative or too large"),
        ({"inputs": [tensor(shape=[2**64, 2])]}, "whole numbers"),
        ({"inputs": [tensor(shape=[1, 3])]}, "has shape [-1, 2]"),
        ({"inputs": [tensor(shape=[2])]}, "has shape [-1, 2]"),
        ({"inputs": [tensor(shape=[1] * 10_000)]}, "has shape [-1, 2]"),
        ({"inputs": [tensor(shape=[2, 2])]}, "needs 4 values, not 2"),
        ({"inputs": [tensor(shape=[2**31 - 1, 2])]}, "needs 4294967294 values, not 2"),
        ({"inputs": [tensor(data=[1, 2, 3])]}, "needs 2 values, not 3"),
        ({"inputs": [tensor(data=...)]}, "needs 'data'"),
        ({"inputs": [tensor(data=5)]}, "needs 'data'"),
        ({"inputs": [tensor(data=[[1, 2], [3, 4]])]}, "2 values where 1 belong"),
        ({"inputs": [tensor(data=[[1]])]}, "input 'X', data[0]: 1 values where 2 belong"),
        ({"inputs": [tensor(data=[[1, "a"]])]}, "input 'X', element [0, 1]: text (a)"),
        ({"inputs": [tensor(data=[1, True])]}, "element [0, 1]: true/false"),
        ({"inputs": [tensor(data=[1, [2]])]}, "element [0, 1]: a list"),
        ({"inputs": [tensor(data=..., parameters={"binary_data_size": 8})]}, "announces 8 binary"),
        (
            {"inputs": [tensor(parameters={"binary_data_size": 0})]},
            "both 'data' and 'binary_data_size'",
        ),
        (
            {"inputs": [tensor(data=..., parameters={"binary_data_size": "8"})]},
            "'binary_data_size' must be a whole number",
        ),
    ],
)
def test_a_request_that_does_not_fit_is_refused_in_words(document: Any, words: str) -> None:
    assert words in refusal(document)


def test_all_missing_inputs_are_named() -> None:
    known = signature(*(TensorSpec(name, Datatype.FP32, ("N", 2)) for name in ("X", "Y", "Z")))

    words = refusal({"inputs": [tensor()]}, known)

    assert words == (
        "expected 3 inputs but got 1; missing input 'Y', 'Z'; the model takes 'X', 'Y', 'Z'"
    )


def test_inputs_that_must_have_equally_many_rows_are_held_together() -> None:
    known = signature(X, TensorSpec("Y", Datatype.FP32, ("N", 2)))
    two = tensor(name="Y", shape=[2, 2], data=[1, 2, 3, 4])

    assert "dimension 'N' is 1 in input 'X' but 2 in input 'Y'" in refusal(
        {"inputs": [tensor(), two]}, known
    )


@pytest.mark.parametrize("datatype", [Datatype.FP16, Datatype.BF16])
def test_half_precision_has_no_json_and_the_refusal_says_what_else_to_do(
    datatype: Datatype,
) -> None:
    half = TensorSpec("X", datatype, ("N", 2))

    words = refusal({"inputs": [tensor(datatype=datatype.value)]}, signature(half))
    assert "binary tensor" in words
    assert "/predict" in words
    assert "/predict" in refusal({"inputs": [tensor()]}, signature(outputs=(half,)))


def test_outputs_come_in_the_order_of_the_request_or_of_the_model() -> None:
    a, b = TensorSpec("a", Datatype.FP32, ()), TensorSpec("b", Datatype.FP32, ())
    known = signature(outputs=(a, b))

    def outputs(*names: str) -> tuple[TensorSpec, ...]:
        wanted = [{"name": name} for name in names]
        return read({"inputs": [tensor()], "outputs": wanted}, known)[0].outputs

    assert outputs("b", "a") == (b, a)
    assert outputs() == (a, b)
    with pytest.raises(RefusedError, match=r"unknown output 'c'; the model gives 'a', 'b'"):
        outputs("c")


@pytest.mark.parametrize("given", ["7", ""])
def test_the_id_is_echoed(given: str) -> None:
    _, reply = read({"inputs": [tensor()], "id": given})

    assert json.loads(reply.write([np.zeros((1, 2), np.float32)])[0])["id"] == given


def test_an_id_is_never_invented() -> None:
    _, reply = read({"inputs": [tensor()]})

    assert json.loads(reply.write([np.zeros((1, 2), np.float32)])[0]).keys() == {
        "model_name",
        "model_version",
        "outputs",
    }


@given(
    st.recursive(
        st.none() | st.integers() | st.text(max_size=3),
        lambda i: (
            st.lists(i, max_size=3)
            | st.dictionaries(
                st.sampled_from(["inputs", "name", "shape", "datatype", "data", "outputs"]), i
            )
        ),
        max_leaves=15,
    )
)
def test_no_document_whatsoever_does_anything_but_fit_or_be_refused(document: Any) -> None:
    with suppress(RefusedError):
        decode(document)
