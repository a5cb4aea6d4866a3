"""From pydantic models to the structural OpenAPI schemas that a CRD may contain.

A CRD allows no references, no nulls, no titles and, by our own choice, no defaults. Everything that
a model says beyond that (rules, list types, limits) passes through unchanged.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Final

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from slipway_operator.api.base import NOTATION, ApiModel, JsonObject
from slipway_operator.api.quantities import format_duration

# For documentation and samples only: a default in the CRD would be written into users' objects.
ANNOTATIONS: Final = frozenset({"default", "examples", NOTATION})
_RULES: Final = "x-kubernetes-validations"


class _WithoutNulls(GenerateJsonSchema):
    """An optional field is one that may be absent, not one that may be null."""

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        """Describe the value alone."""
        return self.generate_inner(schema["schema"])

    def encode_default(self, dft: object) -> object:
        """Show a duration as a user would write it."""
        return format_duration(dft) if isinstance(dft, timedelta) else super().encode_default(dft)


def documented_schema(model: type[ApiModel]) -> JsonObject:
    """Return the schema with titles, defaults, examples and `$defs`, to make documentation of."""
    return model.model_json_schema(by_alias=True, schema_generator=_WithoutNulls)


def structural_schema(model: type[ApiModel]) -> JsonObject:
    """Return the schema as a CRD holds it."""
    return _without(ANNOTATIONS, annotated_schema(model))


def annotated_schema(model: type[ApiModel]) -> JsonObject:
    """Return the structural schema with the ANNOTATIONS that a CRD must not hold."""
    documented = documented_schema(model)
    inlined = _inlined(documented, documented.get("$defs", {}))
    return _without(frozenset({"title", "$defs"}), inlined)


def _inlined(schema: JsonObject, models: dict[str, JsonObject]) -> JsonObject:
    whole = _resolved(schema, models)
    return _named_for_objects(_each(whole, lambda inner: _inlined(inner, models)))


def _without(keys: frozenset[str], schema: JsonObject) -> JsonObject:
    kept = {key: value for key, value in schema.items() if key not in keys}
    return _each(kept, lambda inner: _without(keys, inner))


def _each(schema: JsonObject, change: Callable[[JsonObject], JsonObject]) -> JsonObject:
    """Change the schemas directly inside of this one."""
    inside = ("items", "additionalProperties")
    changed = {key: change(schema[key]) for key in inside if key in schema}
    if "properties" in schema:
        fields = schema["properties"].items()
        changed["properties"] = {name: change(field) for name, field in fields}
    return {**schema, **changed}


def _resolved(schema: JsonObject, models: dict[str, JsonObject]) -> JsonObject:
    """Replace a reference by the model it names; what the field itself says comes first."""
    if "$ref" not in schema:
        return dict(schema)
    target = models[schema["$ref"].removeprefix("#/$defs/")]
    rules = [*target.get(_RULES, []), *schema.get(_RULES, [])]
    whole = {**target, **schema, **({_RULES: rules} if rules else {})}
    return {key: value for key, value in whole.items() if key != "$ref"}


def _named_for_objects(schema: JsonObject) -> JsonObject:
    """Spell the size limits of a map as OpenAPI does; pydantic takes a map for a list."""
    if schema.get("type") != "object":
        return schema
    names = {"maxLength": "maxProperties", "minLength": "minProperties"}
    return {names.get(key, key): value for key, value in schema.items()}
