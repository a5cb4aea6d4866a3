"""Describe both APIs of one model in OpenAPI, with an example that works. Pure."""

from collections.abc import Sequence
from typing import Any

from slipway_runtime import examples
from slipway_runtime.identity import Identity
from slipway_runtime.predict import Field, SimpleApi
from slipway_runtime.rules import InputRule
from slipway_runtime.signature import NOT_IN_JSON, Tensor, TensorSpec

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
    "429": "Too many requests wait; try again after the time in Retry-After.",
    "503": "Not ready, or too busy; try again after the time in Retry-After.",
    "default": "Anything else that stands in the way.",
}


def document(identity: Identity, api: SimpleApi, release: str) -> Schema:
    """Write the whole OpenAPI document."""
    model = f"/v2/models/{identity.name}"
    paths = {"/predict": {"post": _predict(api)}}
    if api.signature.row_wise:
        paths["/predict/batch"] = {"post": _predict_batch(api)}
    paths[f"{model}/infer"] = {"post": _infer(api)}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": f"{identity.name} {identity.version}",
            "version": release,
            "description": "One model, served by Slipway.",
        },
        "paths": paths | {path: {"get": told} for path, told in _told(model).items()},
    }


def _predict(api: SimpleApi) -> Schema:
    row, answer = row_schema(api), _answer_schema(api)
    if not api.signature.row_wise:
        return _operation("Predict from named tensors", row, row_example(api), answer)
    return _operation(
        "Predict from named features",
        {"oneOf": [row, _list_of(row)]},
        row_example(api),
        {"oneOf": [answer, _list_of(answer)]},
    )


def _predict_batch(api: SimpleApi) -> Schema:
    rows = 1 if api.signature.single_row else 2
    return _operation(
        "Predict for each of a list of rows",
        _list_of(row_schema(api)),
        [row_example(api)] * rows,
        _list_of(_answer_schema(api)),
    )


def _list_of(item: Schema) -> Schema:
    return {"type": "array", "minItems": 1, "items": item}


def _infer(api: SimpleApi) -> Schema:
    parameters = {"type": "object"}
    output = {
        "type": "object",
        "required": ["name"],
        "properties": {"name": _one_of(api.signature.outputs), "parameters": parameters},
    }
    body = {
        "type": "object",
        "required": ["inputs"],
        "properties": {
            "id": {"type": "string"},
            "parameters": parameters,
            "inputs": _list_of({"oneOf": [_tensor(spec) for spec in api.signature.inputs]}),
            "outputs": {"type": "array", "items": output},
        },
    }
    answer = {
        "type": "object",
        "required": ["model_name", "outputs"],
        "properties": {"outputs": _list_of({"anyOf": [*map(_tensor, api.signature.outputs)]})},
    }
    return _operation("Open Inference Protocol v2", body, infer_example(api), answer)


def _one_of(specs: Sequence[TensorSpec]) -> Schema:
    return {"enum": [spec.name for spec in specs]}


def _tensor(spec: TensorSpec) -> Schema:
    rank = len(spec.shape)
    size = {"type": "integer", "minimum": 0}
    return {
        "type": "object",
        "required": ["name", "shape", "datatype"],
        "properties": {
            "name": {"const": spec.name},
            "datatype": {"const": spec.datatype.value},
            "shape": {"type": "array", "items": size, "minItems": rank, "maxItems": rank},
            "data": {"type": "array"},
            "parameters": {"type": "object"},
        },
    }


def _told(model: str) -> dict[str, Schema]:
    return {
        path: {"summary": summary, "responses": {"200": {"description": summary}, **_refusals()}}
        for path, summary in {
            model: "Inputs and outputs of the model",
            f"{model}/ready": "Whether the model answers predictions",
            "/v2/health/ready": "Whether the server wants requests",
        }.items()
    }


def _operation(summary: str, body: Schema, example: Any, answer: Schema) -> Schema:
    content = {"schema": body} if example is None else {"schema": body, "example": example}
    return {
        "summary": summary,
        "requestBody": {"required": True, "content": {"application/json": content}},
        "responses": {
            "200": {
                "description": "The prediction",
                "content": {"application/json": {"schema": answer}},
            },
            **_refusals(),
        },
    }


def _refusals() -> Schema:
    return {
        code: {"description": words, "content": {"application/json": {"schema": _ERROR}}}
        for code, words in _REFUSALS.items()
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
    if spec.datatype.is_float and (rule is None or (rule.range is None and rule.values is None)):
        schema["type"] = [schema["type"], "null"]  # a missing number; in answers also infinity
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


def row_example(api: SimpleApi, size: int = examples.GUESSES[0]) -> Schema:
    """Make up one object that `/predict` accepts, with free sizes of this size."""
    row: Schema = {}
    for spec in api.signature.inputs:
        value = examples.tensor(spec, api.rules, size).tolist()
        if api.signature.row_wise:
            value = value[0]
        if features := api.rules.features(spec.name):
            row |= dict(zip(features, value, strict=True))
        else:
            scalar = not _value_shape(spec, api) and isinstance(value, list)
            row[spec.name] = value[0] if scalar else value
    return row


def infer_example(api: SimpleApi, size: int = examples.GUESSES[0]) -> Schema | None:
    """Make up one request that the protocol's endpoint accepts, if JSON can carry one."""
    if any(spec.datatype in NOT_IN_JSON for spec in api.signature.inputs):
        return None
    as_bytes = any(spec.datatype in NOT_IN_JSON for spec in api.signature.outputs)
    wishes: Schema = {"parameters": {"binary_data_output": True}} if as_bytes else {}
    return wishes | {
        "inputs": [
            _infer_input(spec, examples.tensor(spec, api.rules, size))
            for spec in api.signature.inputs
        ]
    }


def _infer_input(spec: TensorSpec, tensor: Tensor) -> Schema:
    return {
        "name": spec.name,
        "shape": list(tensor.shape),
        "datatype": spec.datatype.value,
        "data": tensor.ravel().tolist(),
    }
