"""The CRD's CEL rules, evaluated without a cluster.

The rules are those of the CRD, word for word; only the functions that Kubernetes adds to CEL are
written here. Types are not judged: a value must fit the schema before its rules are asked.
"""

from collections.abc import Iterator
from functools import cache
from typing import Any

import cel

from slipway_operator.api.base import JsonObject
from slipway_operator.api.quantities import parse_quantity
from slipway_operator.cli.manifests import Path


def broken_rules(schema: JsonObject, value: Any, path: Path = ()) -> Iterator[tuple[Path, str]]:
    """Yield the field and the message of each rule that a value, or a part of it, breaks."""
    for rule in schema.get("x-kubernetes-validations", ()):
        if not _holds(rule["rule"], value):
            field = rule.get("fieldPath", "").removeprefix(".")
            yield (*path, field) if field else path, rule["message"]
    for name, inner in _parts(schema, value):
        yield from broken_rules(inner, value[name], (*path, name))


def _parts(schema: JsonObject, value: Any) -> Iterator[tuple[Any, JsonObject]]:
    if "properties" in schema:
        yield from ((name, field) for name, field in schema["properties"].items() if name in value)
    elif "additionalProperties" in schema:
        yield from ((name, schema["additionalProperties"]) for name in value)
    elif "items" in schema:
        yield from ((index, schema["items"]) for index in range(len(value)))


def _holds(rule: str, value: Any) -> bool:
    context = cel.Context(variables={"self": value})
    context.add_function("isQuantity", _is_quantity)
    context.add_function("quantity", str)
    context.add_function("compareTo", _compare)
    return bool(_compiled(rule).execute(context))


@cache
def _compiled(rule: str) -> cel.Program:
    return cel.compile(rule)


def _is_quantity(text: str) -> bool:
    try:
        parse_quantity(text)
    except ValueError:
        return False
    return True


def _compare(one: str, other: str) -> int:
    left, right = parse_quantity(one), parse_quantity(other)
    return (left > right) - (left < right)
