"""Describe both APIs of one model in OpenAPI, with an example that works. Pure."""

from typing import Any

from slipway_runtime import examples
from slipway_runtime.identity import Identity
from slipway_runtime.predict import Field, SimpleApi
from slipway_runtime.rules import InputRule
from slipway_runtime.signature import Datatype, TensorSpec

Schema = dict[str, Any]

_TYPES = {"f": "number", "i": "integer", "u": "integer", "b": "boolean", "O": "string"}
_ERROR: Schema = {
    "type": "object",
    "required": ["error"],
    "properties": {"error": {"type": "string"}},
}
_REFUSALS = {
    "400": "The request does not fit the model; the text says what and where.",
    "413": "The body is too large.",
    "503": "Not ready, or too busy; try again after the time in Retry-After.",
}


def document(identity: Identity, api: SimpleApi, release: str) -> Schema:
    """Write the whole OpenAPI document."""
    row, answer = row_schema(api), _answer_schema(api)
    infer = f"/v2/models/{identity.name}/infer"
    return {
        "openapi": "3.1.0",
        "info": {
            "title": f"{identity.name} {identity.version}",
            "version": release,
            "description": "One model, served by Slipway.",
        },
        "paths": {
            "/predict": {"post": _predict(api, row, answer)},
            infer: {"post": _infer(api)},
        },
    }


def _predict(api: SimpleApi, row: Schema, answer: Schema) -> Schema:
    many = api.signature.row_wise
    return _operation(
        "Predict from named features",
        {"oneOf": [row, {"type": "array", "minItems": 1, "items": row}]} if many else row,
        row_example(api),
        {"oneOf": [answer, {"type": "array", "items": answer}]} if many else answer,
    )


def _infer(api: SimpleApi) -> Schema:
    tensor = {"type": "object", "required": ["name", "shape", "datatype", "data"]}
    body = {
        "type": "object",
        "required": ["inputs"],
        "properties": {"id": {"type": "string"}, "inputs": {"type": "array", "items": tensor}},
    }
    answer = {"type": "object", "required": ["model_name", "outputs"]}
    return _operation("Open Inference Protocol v2", body, infer_example(api), answer)


def _operation(summary: str, body: Schema, example: Any, answer: Schema) -> Schema:
    refusals = {
        code: {"description": words, "content": {"application/json": {"schema": _ERROR}}}
        for code, words in _REFUSALS.items()
    }
    return {
        "summary": summary,
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": body, "example": example}},
        },
        "responses": {
            "200": {
                "description": "The prediction",
                "content": {"application/json": {"schema": answer}},
            },
            **refusals,
        },
    }


def row_schema(api: SimpleApi) -> Schema:
    """Describe one object of `/predict`."""
    properties = {field.name: _field_schema(field, api) for field in api.fields}
    return {
        "type": "object",
        "required": list(properties),
        "additionalProperties": False,
        "properties": properties,
    }


def _field_schema(field: Field, api: SimpleApi) -> Schema:
    rule = api.rules.by_name.get(field.spec.name)
    element = _element_schema(field.spec, rule)
    if field.column is not None:
        return element
    return _nested(element, _value_shape(field.spec, api))


def _element_schema(spec: TensorSpec, rule: InputRule | None) -> Schema:
    schema: Schema = {"type": _TYPES[spec.datatype.numpy.kind]}
    if rule is None:
        return schema
    if rule.range is not None:
        schema |= {"minimum": rule.range[0], "maximum": rule.range[1]}
    if rule.values is not None:
        schema["enum"] = list(rule.values)
    if rule.max_length is not None:
        schema["maxLength"] = rule.max_length
    return schema


def _value_shape(spec: TensorSpec, api: SimpleApi) -> list[int]:
    shape = spec.wire_shape[1:] if api.signature.row_wise else spec.wire_shape
    return [] if shape == [1] else shape


def _nested(element: Schema, shape: list[int]) -> Schema:
    for size in reversed(shape):
        element = {"type": "array", "items": element}
        if size >= 0:
            element |= {"minItems": size, "maxItems": size}
    return element


def _answer_schema(api: SimpleApi) -> Schema:
    return {
        "type": "object",
        "properties": {
            spec.name: _nested(_element_schema(spec, None), _value_shape(spec, api))
            for spec in api.signature.outputs
        },
    }


def row_example(api: SimpleApi) -> Schema:
    """Make up one object that `/predict` accepts."""
    row: Schema = {}
    for spec in api.signature.inputs:
        value = examples.tensor(spec, api.rules, examples.GUESSES[0]).tolist()
        if api.signature.row_wise:
            value = value[0]
        if features := api.rules.features(spec.name):
            row |= dict(zip(features, value, strict=True))
        else:
            scalar = not _value_shape(spec, api) and isinstance(value, list)
            row[spec.name] = value[0] if scalar else value
    return row


def infer_example(api: SimpleApi) -> Schema:
    """Make up one request that the protocol's endpoint accepts."""
    tensors = [
        (spec, examples.tensor(spec, api.rules, examples.GUESSES[0]))
        for spec in api.signature.inputs
        if spec.datatype is not Datatype.FP16
    ]
    return {
        "inputs": [
            {
                "name": spec.name,
                "shape": list(tensor.shape),
                "datatype": str(spec.datatype),
                "data": tensor.ravel().tolist(),
            }
            for spec, tensor in tensors
        ]
    }
