"""Judge whether a value fits a structural schema, as the API server would for a strict client.

JSON Schema does most of it; what Kubernetes adds to it or means differently is written here.
"""

import difflib
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Final

from jsonschema import Draft202012Validator, ValidationError
from jsonschema.validators import extend

from slipway_operator.api.base import JsonObject
from slipway_operator.cli.manifests import Path

Errors = Iterator[ValidationError]


def structural_errors(schema: JsonObject, value: Any) -> Iterator[tuple[Path, str]]:
    """Yield the field and the message of everything that does not fit."""
    for error in _StructuralValidator(schema).iter_errors(value):
        yield tuple(error.absolute_path), error.message


def _check_fields(
    validator: Draft202012Validator,
    fields: Mapping[str, JsonObject],
    value: Any,
    _schema: JsonObject,
) -> Errors:
    """Judge the fields that are known, and refuse the others, as kubectl does."""
    if not isinstance(value, dict):
        return
    for name, inner in value.items():
        if inner is None:
            yield ValidationError("is empty; give it a value or remove it", path=[name])
        elif name in fields:
            yield from validator.descend(inner, fields[name], path=name)
        else:
            yield ValidationError(_unknown(name, fields), path=[name])


def _unknown(name: str, fields: Mapping[str, JsonObject]) -> str:
    near = difflib.get_close_matches(name, fields, n=1)
    return f"is unknown; did you mean {near[0]}?" if near else "is unknown; remove it"


def _check_required(
    _validator: Draft202012Validator, names: list[str], value: Any, _schema: JsonObject
) -> Errors:
    if isinstance(value, dict):
        for name in names:
            if name not in value:
                yield ValidationError("must be given", path=[name])


def _check_int_or_string(
    _validator: Draft202012Validator, _wanted: bool, value: Any, _schema: JsonObject
) -> Errors:
    if isinstance(value, bool) or not isinstance(value, int | str):
        yield ValidationError(f"{value!r} is neither a whole number nor a string; quote it")


def _check_list_type(
    _validator: Draft202012Validator, _kind: str, value: Any, schema: JsonObject
) -> Errors:
    if isinstance(value, list):
        keys = schema.get("x-kubernetes-list-map-keys", ())
        counted = Counter(_identity(entry, keys) for entry in value)
        for identity, count in counted.items():
            if count > 1:
                yield ValidationError(f"{identity} is listed {count} times")


def _identity(entry: Any, keys: list[str]) -> str:
    named = [entry.get(key) for key in keys] if isinstance(entry, dict) else [entry]
    return ", ".join(repr(part) for part in named)


_StructuralValidator: Final = extend(  # type: ignore[no-untyped-call]
    Draft202012Validator,
    {
        "properties": _check_fields,
        "required": _check_required,
        "x-kubernetes-int-or-string": _check_int_or_string,
        "x-kubernetes-list-type": _check_list_type,
    },
)
