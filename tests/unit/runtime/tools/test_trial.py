from typing import Any

import numpy as np
import pytest
from onnx import helper, numpy_helper

from runtime_testing import models
from slipway_runtime.engine import onnx
from slipway_runtime.errors import ModelError, Reason
from slipway_runtime.identity import Identity
from slipway_runtime.model import Model
from slipway_runtime.predict import SimpleApi
from slipway_runtime.rules import parse
from slipway_runtime.tools import trial


def loaded(save: Any, content: bytes, inputs: str = "") -> Model:
    engine = onnx.load(save(content))
    rules = parse(inputs, engine.signature)
    return Model(Identity("m", "1", ""), engine, rules, SimpleApi(engine.signature, rules))


def reshaping(size: int) -> bytes:
    """Works only where each row holds so many numbers."""
    node = helper.make_node("Reshape", ["X", "shape"], ["Y"])
    shape = numpy_helper.from_array(np.array([-1, size]), "shape")
    return models.model(
        [node], [("X", models.FLOAT, ("N", "S"))], [("Y", models.FLOAT, ("N", size))], [shape]
    )


@pytest.mark.parametrize(("size", "guess"), [(1, 1), (8, 8), (32, 32)])
def test_a_free_size_is_tried_until_the_model_answers(save: Any, size: int, guess: int) -> None:
    assert trial.guess(loaded(save, reshaping(size))) == guess


def test_a_model_that_answers_nothing_is_told(save: Any) -> None:
    with pytest.raises(ModelError) as caught:
        trial.guess(loaded(save, reshaping(1000)))
    assert caught.value.reason is Reason.WARMUP_FAILED


def test_rows_differ_and_keep_the_users_range(save: Any) -> None:
    model = loaded(save, models.classifier(), '[{"name": "X", "range": [5, 6]}]')

    made = trial.varied(model, 1, 100)["X"]

    assert made.shape == (100, 4)
    assert len(np.unique(made)) > 300
    assert made.min() >= 5
    assert made.max() <= 6
    assert (trial.varied(model, 1, 100)["X"] == made).all()


def test_what_may_be_an_index_stays_the_one_that_exists(save: Any) -> None:
    assert (trial.varied(loaded(save, models.picky()), 1, 5)["X"] == 0).all()


def test_a_model_of_whole_tensors_gets_one(save: Any) -> None:
    model = loaded(save, models.identity(shape=(3, 4)))

    assert not trial.takes_rows(model)
    assert trial.varied(model, 1, 100)["X"].shape == (3, 4)
