import json
from typing import Any

import pytest

from runtime_testing import models
from slipway_runtime.engine import onnx
from slipway_runtime.identity import Identity
from slipway_runtime.model import Model
from slipway_runtime.openapi import document, infer_example, row_example, row_schema
from slipway_runtime.predict import SimpleApi
from slipway_runtime.rules import parse

NAMED = [{"name": "X", "range": [0, 10], "features": ["a", "b", "c", "d"]}]
TEXT = [{"name": "city", "values": ["Oslo", "Rome"], "maxLength": 9}]

MODELS = {
    "classifier": (models.classifier(), []),
    "with features": (models.classifier(), NAMED),
    "one input a column": (models.columns(), TEXT),
    "two inputs": (models.adder(models.INT32), []),
    "whole tensors": (models.identity(shape=(2, 3)), []),
    "a scalar": (models.identity(shape=()), []),
    "one number a row": (models.identity(shape=("N",)), []),
    "booleans": (models.identity(models.BOOL), []),
    "doubles": (models.identity(models.DOUBLE), []),
}


def model(save: Any, content: bytes, rules: Any) -> Model:
    engine = onnx.load(save(content))
    known = parse(json.dumps(rules), engine.signature)
    api = SimpleApi(engine.signature, known)
    return Model(Identity("m", "1", ""), engine, known, api)


def answer(served: Model, read: Any, request: Any) -> Any:
    inference, reply = read(json.dumps(request).encode())
    body, _ = reply.write(served.compute(inference.feed, inference.outputs))
    return json.loads(body)


@pytest.mark.parametrize(("content", "rules"), MODELS.values(), ids=MODELS)
def test_the_examples_in_the_page_are_answered_by_the_model(
    save: Any, content: bytes, rules: Any
) -> None:
    served = model(save, content, rules)

    assert answer(served, served.read_simple, row_example(served.simple))
    assert answer(served, served.read, infer_example(served.simple))


def test_the_schema_says_what_the_user_allows(save: Any) -> None:
    api = model(save, *MODELS["with features"]).simple

    body = document(Identity("m", "1", ""), api, "0")["paths"]["/predict"]["post"]["requestBody"]
    row = body["content"]["application/json"]["schema"]["oneOf"][0]

    assert row["required"] == ["a", "b", "c", "d"]
    assert row["properties"]["a"] == {"type": "number", "minimum": 0, "maximum": 10}
    assert row["additionalProperties"] is False


def test_the_schema_of_a_list_says_its_length(save: Any) -> None:
    api = model(save, *MODELS["classifier"]).simple
    paths = document(Identity("m", "1", ""), api, "0")["paths"]

    schema = paths["/predict"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    answer = paths["/predict"]["post"]["responses"]["200"]["content"]["application/json"]["schema"]

    assert schema["oneOf"][0]["properties"]["X"] == {
        "type": "array",
        "items": {"type": ["number", "null"]},
        "minItems": 4,
        "maxItems": 4,
    }
    assert answer["oneOf"][0]["properties"]["label"] == {"type": "integer"}


def test_the_schema_says_where_null_stands_for_a_number_that_json_cannot_write(save: Any) -> None:
    bounded = model(save, *MODELS["with features"]).simple
    paths = document(Identity("m", "1", ""), bounded, "0")["paths"]
    answer = paths["/predict"]["post"]["responses"]["200"]["content"]["application/json"]["schema"]

    assert answer["oneOf"][0]["properties"]["probabilities"]["items"]["type"] == ["number", "null"]
    assert row_schema(bounded)["properties"]["a"]["type"] == "number", "its range admits no NaN"


def test_the_schema_of_text_says_what_it_may_be(save: Any) -> None:
    api = model(save, *MODELS["one input a column"]).simple
    paths = document(Identity("m", "1", ""), api, "0")["paths"]

    schema = paths["/predict"]["post"]["requestBody"]["content"]["application/json"]["schema"]

    assert schema["oneOf"][0]["properties"]["city"] == {
        "type": "string",
        "enum": ["Oslo", "Rome"],
        "maxLength": 9,
    }
