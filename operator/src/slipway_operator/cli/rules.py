"""The CRD's CEL rules, evaluated without a cluster.

The rules are those of the CRD, word for word; only the functions that Kubernetes adds to CEL are
written here. Types are not judged: where a value does not fit the schema, its rules are not asked.
"""

from collections.abc import Collection, Iterator
from functools import cache
from typing import Any

import cel

from slipway_operator.api.base import JsonObject
from slipway_operator.api.quantities import parse_quantity
from slipway_operator.cli.manifests import Path


def broken_rules(
    schema: JsonObject, value: Any, unfit: Collection[Path] = (), path: Path = ()
) -> Iterator[tuple[Path, str]]:
    """Yield the field and the message of each rule that a value, or a part of it, breaks.

    The rules of the paths in `unfit` are left out.
    """
    if path not in unfit:
        for rule in schema.get("x-kubernetes-validations", ()):
            if not _holds(rule["rule"], value):
                field = rule.get("fieldPath", "").removeprefix(".")
                yield (*path, field) if field else path, rule["message"]
    for name, inner in _parts(schema, value):
        yield from broken_rules(inner, value[name], unfit, (*path, name))


def _parts(schema: JsonObject, value: Any) -> Iterator[tuple[Any, JsonObject]]:
    if isinstance(value, list) and "items" in schema:
        yield from ((index, schema["items"]) for index in range(len(value)))
    if isinstance(value, dict):
        fields = schema.get("properties", {})
        yield from ((name, fields[name]) for name in value if name in fields)
        if "additionalProperties" in schema:
            yield from ((name, schema["additionalProperties"]) for name in value)


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
