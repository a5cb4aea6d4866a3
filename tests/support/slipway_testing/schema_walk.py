"""A walk over a structural schema, written apart from the code that makes one."""

from collections.abc import Iterator
from typing import Any

Obj = dict[str, Any]


def schema_nodes(schema: Obj, path: str = "") -> Iterator[tuple[str, Obj]]:
    """Every schema with its path, such as `.spec.model.inputs[].name` or `.limits{}`."""
    yield path, schema
    for name, field in schema.get("properties", {}).items():
        yield from schema_nodes(field, f"{path}.{name}")
    for key, mark in (("items", "[]"), ("additionalProperties", "{}")):
        if key in schema:
            yield from schema_nodes(schema[key], path + mark)


def schema_rules(schema: Obj) -> list[tuple[str, Obj]]:
    """Every CEL rule with the path of the schema it belongs to."""
    return [
        (path, rule)
        for path, node in schema_nodes(schema)
        for rule in node.get("x-kubernetes-validations", ())
    ]
