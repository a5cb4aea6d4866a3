"""For every field of the spec: a spec without it, and the same spec with it set.

Made by walking the schema, so that a new field is covered on the day it appears. Nothing here knows
what a field does.
"""

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from slipway_operator.api.schema import annotated_schema
from slipway_operator.api.v1alpha1 import ModelDeploymentSpec

Obj = dict[str, Any]

MINIMAL: Obj = {
    "model": {"uri": "https://models.example.com/iris/1.0.0/model.onnx", "sha256": "5" * 64}
}
# What must stand beside a field for it to be valid, which the schema cannot tell. The keys are how
# the path of the field ends, or that of the list entry it is in.
SIBLINGS: dict[str, Obj] = {
    "autoscaling": {"runtime": {"resources": {"requests": {"cpu": "500m", "memory": "256Mi"}}}},
    "inputs[].name": {"range": [0, 10]},
    "tolerations[]": {"key": "sample", "effect": "NoExecute"},
    "matchExpressions[]": {"operator": "In", "values": ["sample"]},
    "matchFields[]": {"key": "metadata.name", "operator": "In", "values": ["sample"]},
    "matchLabelKeys": {"labelSelector": {"matchLabels": {"other": "sample"}}},
    ".minDomains": {"whenUnsatisfiable": "DoNotSchedule"},
}
# An address of each form; the schema knows only that it is a string.
ADDRESSES = {
    "https": "https://models.example.com/iris/2.0.0/model.onnx",
    "http": "http://models.example.com:8080/iris/model.onnx",
    "s3": "s3://models/iris/model.onnx",
    "pvc": "pvc://models/iris/model.onnx",
    "oci": f"oci://registry.example.com/team/iris@sha256:{'a' * 64}#iris/model.onnx",
}


@dataclass(frozen=True, slots=True)
class FieldCase:
    """A field, a valid spec `without` it (or with another value), and a valid one `having` it."""

    path: str
    without: Obj
    having: Obj

    def __str__(self) -> str:
        return self.path


def spec_field_cases(base: Obj = MINIMAL) -> list[FieldCase]:
    """One case for each leaf of the spec; one for each form where a field has several.

    A base that has a runtime must request cpu and memory, for the sake of autoscaling.
    """
    schema = annotated_schema(ModelDeploymentSpec)
    return [
        FieldCase(path, copy.deepcopy(base), copy.deepcopy(spec))
        for path, spec in _leaves(schema, "", base)
    ]


def _leaves(schema: Obj, path: str, present: Any) -> Iterator[tuple[str, Any]]:
    """Each leaf below a schema, with `present` as it is once the leaf is set."""
    if "properties" in schema:
        yield from _fields(schema, path, present or {})
    elif "properties" in schema.get("items", {}):
        for leaf, value in _leaves(schema["items"], f"{path}[]", None):
            yield leaf, [value]
    elif path == "model.uri":
        yield from ((path, address) for address in ADDRESSES.values())
    else:
        yield path, _sample(schema)


def _fields(schema: Obj, path: str, present: Obj) -> Iterator[tuple[str, Obj]]:
    required = {name: _sample(schema["properties"][name]) for name in schema.get("required", ())}
    for name, field in schema["properties"].items():
        below = f"{path}.{name}".removeprefix(".")
        fixed = (_siblings(path) if path.endswith("[]") else {}) | _siblings(below)
        for leaf, value in _leaves(field, below, present.get(name)):
            yield leaf, {**required, **fixed, **present, name: fixed.get(name, value)}


def _sample(schema: Obj) -> Any:
    """A valid value that is not the default."""
    if schema.get("examples"):
        return schema["examples"][0]
    if "enum" in schema:
        others = [value for value in schema["enum"] if value != schema.get("default")]
        return (others or schema["enum"])[-1]
    if "properties" in schema:
        return {name: _sample(schema["properties"][name]) for name in schema.get("required", ())}
    if "items" in schema:
        return [_sample(schema["items"])]
    if "additionalProperties" in schema:
        return {"sample": _sample(schema["additionalProperties"])}
    return _scalar(schema)


def _scalar(schema: Obj) -> Any:
    match schema["type"]:
        case "boolean":
            return not schema.get("default", False)
        case "integer" | "number":
            lowest = schema.get("minimum", 0)
            return max(lowest, schema.get("default") or lowest) + 1
        case "string":
            return "sample"
    raise TypeError(f"no sample for a field of type {schema['type']}")


def _siblings(path: str) -> Obj:
    return next((extra for end, extra in SIBLINGS.items() if path.endswith(end)), {})
