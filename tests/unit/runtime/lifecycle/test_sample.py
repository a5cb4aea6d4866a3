import json
from typing import Any

import numpy as np
import pytest

from runtime_testing.serving import infer
from slipway_runtime.errors import InferenceError, ModelError, Reason
from slipway_runtime.lifecycle.sample import Run, signature
from slipway_runtime.signature import Datatype, Signature, Tensor, TensorSpec

REQUEST = infer(X=("FP32", [2, 3], [1, 2, 3, 4, 5, 6]))


def found(run: Run, request: Any = REQUEST) -> Signature:
    return signature(json.dumps(request).encode(), "m.sample.json", run)


def doubled(inputs: list[Tensor]) -> dict[str, Tensor]:
    return {"Y": inputs[0] * 2}


def total(inputs: list[Tensor]) -> dict[str, Tensor]:
    return {"Y": inputs[0].sum(keepdims=True)}


def only_two_rows(inputs: list[Tensor]) -> dict[str, Tensor]:
    if len(inputs[0]) != 2:
        raise InferenceError("shape '[2, 3]' is invalid")
    return doubled(inputs)


def test_rows_are_free_where_twice_the_rows_give_twice_the_answers() -> None:
    assert found(doubled) == Signature(
        (TensorSpec("X", Datatype.FP32, ("rows", 3)),),
        (TensorSpec("Y", Datatype.FP32, ("rows", 3)),),
    )


@pytest.mark.parametrize("run", [total, only_two_rows])
def test_a_program_that_does_not_go_by_rows_takes_the_samples_shape(run: Run) -> None:
    assert found(run).inputs == (TensorSpec("X", Datatype.FP32, (2, 3)),)


def test_outputs_have_the_types_that_were_seen() -> None:
    outputs = found(lambda inputs: {"label": inputs[0].argmax(axis=1)}).outputs

    assert outputs == (TensorSpec("label", Datatype.INT64, ("rows",)),)


def test_a_scalar_is_served_as_one() -> None:
    request = infer(X=("INT64", [], [7]))

    assert found(doubled, request).outputs == (TensorSpec("Y", Datatype.INT64, ()),)


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        ([], "no inference request"),
        ({}, "no inference request"),
        ({"inputs": [{"name": "X"}]}, "no inference request"),
        (infer(X=("FLOAT", [1], [1])), "no inference request"),
        (infer(X=("FP32", [2, 3], [1])), "m.sample.json cannot be used: .*X"),
    ],
)
def test_a_wrong_sample_is_refused_in_words(request_: Any, words: str) -> None:
    with pytest.raises(ModelError, match=words) as caught:
        found(doubled, request_)
    assert caught.value.reason is Reason.LOAD_FAILED


def test_a_program_that_fails_on_its_own_sample_is_not_served() -> None:
    with pytest.raises(ModelError, match="the program fails on it: shape"):
        found(only_two_rows, infer(X=("FP32", [1, 3], [1, 2, 3])))


def test_an_output_the_protocol_has_no_name_for_is_refused() -> None:
    with pytest.raises(ModelError, match="complex64"):
        found(lambda inputs: {"Y": inputs[0].astype(np.complex64)})
