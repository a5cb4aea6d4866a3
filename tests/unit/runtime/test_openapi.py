import json
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from jsonschema import Draft202012Validator, validate
from onnx import helper

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


READS: dict[str, Callable[..., Any]] = {
    "/predict": Model.read_simple,
    "/predict/batch": partial(Model.read_simple, batch=True),
    "/v2/models/m/infer": Model.read,
}


@pytest.mark.parametrize(("content", "rules"), MODELS.values(), ids=MODELS)
def test_every_example_is_answered_and_both_fit_their_schemas(
    save: Any, content: bytes, rules: Any
) -> None:
    served = model(save, content, rules)
    paths = document(served.identity, served.simple, "0")["paths"]

    for path in paths.keys() & READS.keys():
        operation = paths[path]["post"]
        asked = operation["requestBody"]["content"]["application/json"]
        told = answer(served, partial(READS[path], served), asked["example"])
        validate(asked["example"], asked["schema"], Draft202012Validator)
        schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
        validate(told, schema, Draft202012Validator)


def test_a_batch_is_for_models_that_count_rows(save: Any) -> None:
    def paths(name: str) -> Any:
        return document(Identity("m", "1", ""), model(save, *MODELS[name]).simple, "0")["paths"]

    assert "/predict/batch" in paths("classifier")
    assert "/predict/batch" not in paths("whole tensors")


@pytest.mark.parametrize("kind", [models.HALF, models.BFLOAT16])
def test_a_model_of_half_precision_has_an_example_in_plain_numbers_only(
    save: Any, kind: int
) -> None:
    served = model(save, models.identity(kind), [])
    paths = document(served.identity, served.simple, "0")["paths"]

    assert infer_example(served.simple) is None
    content = paths["/v2/models/m/infer"]["post"]["requestBody"]["content"]
    assert "example" not in content["application/json"]
    told = answer(served, served.read_simple, row_example(served.simple))
    assert told == {"Y": [1.0, 1.0, 1.0, 1.0]}


def test_outputs_that_json_cannot_carry_are_asked_for_in_binary(save: Any) -> None:
    cast = helper.make_node("Cast", ["X"], ["Y"], to=models.HALF)
    content = models.model([cast], [("X", models.FLOAT, ("N", 2))], [("Y", models.HALF, ("N", 2))])
    served = model(save, content, [])

    inference, reply = served.read(json.dumps(infer_example(served.simple)).encode())
    body, headers = reply.write(served.compute(inference.feed, inference.outputs))

    assert body.endswith(b"\x00\x3c\x00\x3c")
    assert (b"content-type", b"application/octet-stream") in headers


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
