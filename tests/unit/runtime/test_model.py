import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from onnx import helper, numpy_helper

from runtime_testing import models
from runtime_testing.serving import infer
from slipway_runtime.engine import onnx
from slipway_runtime.engine.base import Engine
from slipway_runtime.errors import InferenceError, ModelError, Reason, RefusedError
from slipway_runtime.identity import Identity
from slipway_runtime.model import Model
from slipway_runtime.predict import SimpleApi
from slipway_runtime.rules import parse


@pytest.fixture
def load(save: Any) -> Any:
    def make(content: bytes, *rules: Any) -> Model:
        engine = onnx.load(save(content))
        known = parse(json.dumps(rules), engine.signature)
        return Model(Identity("m", "2", "r"), engine, known, SimpleApi(engine.signature, known))

    return make


class Counted:
    """An engine that counts its runs."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.runs = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)

    def run(self, *arguments: Any) -> Any:
        self.runs += 1
        return self._engine.run(*arguments)


def ask(model: Model, **tensors: Any) -> Any:
    inference, reply = model.read(json.dumps(infer(**tensors)).encode())
    body, _ = reply.write(model.compute(inference.feed, inference.outputs))
    return json.loads(body)


def test_the_protocol_is_answered_with_every_output(load: Any) -> None:
    answer = ask(
        load(models.adder()), A=("FP32", [1, 4], [1, 2, 3, 4]), B=("FP32", [1, 4], [1] * 4)
    )

    assert answer == {
        "model_name": "m",
        "model_version": "2",
        "outputs": [
            {"name": "SUM", "datatype": "FP32", "shape": [1, 4], "data": [2, 3, 4, 5]},
            {"name": "DIFFERENCE", "datatype": "FP32", "shape": [1, 4], "data": [0, 1, 2, 3]},
        ],
    }


def test_rules_hold_in_both_apis_in_the_words_of_each(load: Any) -> None:
    features = ["a", "b", "c", "d"]
    model = load(models.classifier(), {"name": "X", "range": [0, 10], "features": features})

    with pytest.raises(RefusedError, match=r"input 'X', element \[0, 1\]: 11.0 is outside 0 to 10"):
        ask(model, X=("FP32", [1, 4], [1, 11, 1, 1]))
    good = dict.fromkeys(features, 1)
    rows = json.dumps([good, {**good, "b": 11}]).encode()
    with pytest.raises(RefusedError, match=r"row 1: 'b': 11.0 is outside 0 to 10"):
        model.read_simple(rows)


def test_warming_up_runs_as_many_requests_as_told(load: Any) -> None:
    for requests in (0, 1, 5):
        model = load(models.identity())
        engine = Counted(model.engine)
        replace(model, engine=engine).warm_up(requests)
        assert engine.runs == requests


def test_no_two_models_of_a_process_have_the_same_number(load: Any) -> None:
    assert load(models.identity()).serial != load(models.identity()).serial


def test_warming_up_finds_a_size_that_the_model_takes(load: Any) -> None:
    kernel = numpy_helper.from_array(np.ones((1, 1, 20, 20), np.float32), "k")
    node = helper.make_node("Conv", ["X", "k"], ["Y"])
    size = ("N", 1, None, None)
    content = models.model(
        [node], [("X", models.FLOAT, size)], [("Y", models.FLOAT, size)], [kernel]
    )

    load(content).warm_up(3)


def test_a_model_that_fails_while_warming_up_is_not_served(load: Any) -> None:
    with pytest.raises(ModelError) as caught:
        load(models.picky(), {"name": "X", "values": [7]}).warm_up(1)
    assert caught.value.reason is Reason.WARMUP_FAILED
    assert "X [1, 1]" in caught.value.message
    assert "indices" in caught.value.message


def test_a_failing_model_is_not_its_users_fault(load: Any) -> None:
    model = load(models.picky())

    assert ask(model, X=("INT64", [1, 1], [2]))["outputs"][0]["data"] == [30]
    with pytest.raises((InferenceError, RefusedError), match="indices"):
        ask(model, X=("INT64", [1, 1], [3]))
