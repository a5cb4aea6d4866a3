"""The reference page of the ModelDeployment, in Markdown, made from the models.

Pure: it returns the text. Nothing is explained here that the models do not say themselves, but for
the few sentences that hold the page together.
"""

import json
from collections.abc import Iterable, Iterator
from typing import Any, Final

from slipway_operator.api import API_VERSION, CATEGORY, KIND, SHORT_NAME
from slipway_operator.api.base import NOTATION, JsonObject
from slipway_operator.api.crd import COLUMNS, SELECTABLE
from slipway_operator.api.described import Described
from slipway_operator.api.reasons import Reason
from slipway_operator.api.schema import documented_schema
from slipway_operator.api.status import ConditionType, Outcome, Phase
from slipway_operator.api.v1alpha1 import ModelDeployment

EXAMPLE: Final = f"""\
apiVersion: {API_VERSION}
kind: {KIND}
metadata:
  name: iris
spec:
  model:
    uri: https://models.example.com/iris/1.2.0/model.onnx
    sha256: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
    version: 1.2.0
  runtime:
    resources:
      requests: {{cpu: 500m, memory: 256Mi}}
      limits: {{memory: 512Mi}}
  replicas: 2
"""

_INTRODUCTION: Final = f"""\
<!-- Generated from the models in operator/src/slipway_operator/api by `make generate`. -->
# {KIND}

`{API_VERSION}`, short name `{SHORT_NAME}`, category `{CATEGORY}`. This page lists every field,
every condition and every reason.

```yaml
{EXAMPLE}```

A field that is left out has the default shown here; defaults are never written into your object.
`kubectl scale` works. A field selector may use {", ".join(f"`{path[1:]}`" for path in SELECTABLE)}.
What breaks a rule is refused when you apply it, with the rule's own words.
"""

_RULES: Final = "x-kubernetes-validations"
_SIZES: Final = (
    ("minimum", "maximum", ""),
    ("minLength", "maxLength", " characters"),
    ("minItems", "maxItems", " entries"),
    ("minProperties", "maxProperties", " entries"),
)


def build_reference() -> str:
    """Return the whole page."""
    models = documented_schema(ModelDeployment)["$defs"]
    return "\n".join(
        [
            _INTRODUCTION,
            "## Spec\n",
            *_sections("spec", "ModelDeploymentSpec", models, {}),
            "## Status\n",
            *_sections("status", "ModelDeploymentStatus", models, {}),
            "## Phases\n",
            _table(("Phase", "Meaning"), _described(Phase)),
            "## Conditions\n",
            "`kubectl wait --for=condition=Ready mdeploy/NAME` waits until all of it is live.\n",
            _table(("Condition", "Meaning"), _described(ConditionType)),
            "## Outcomes of a rollout\n",
            _table(("Outcome", "Meaning"), _described(Outcome)),
            "## Reasons\n",
            "In conditions, in `status.history` and in events (`kubectl describe`, "
            "`kubectl events`).\n",
            _table(("Reason", "What it means", "What to do", "Event"), _reasons()),
            "## Columns of `kubectl get`\n",
            _table(("Column", "Meaning"), _columns()),
        ]
    )


def _sections(
    path: str, name: str, models: dict[str, JsonObject], seen: dict[str, str]
) -> Iterator[str]:
    """One section for each model, at the first path where it occurs, depth first."""
    seen[name] = path
    model = models[name]
    fields = model["properties"].items()
    fresh = {}
    for field, schema in fields:
        found = _model_of(schema, models)
        if found and found[0] not in seen:
            fresh[found[0]] = seen[found[0]] = f"{path}.{field}{found[1]}"
    yield f"### {path}\n"
    yield f"{model['description']}\n"
    yield _table(
        ("Field", "Type", "Default", "Meaning"),
        (_field(field, schema, model, models, seen) for field, schema in fields),
    )
    if rules := list(_rules(path, model)):
        yield "\n".join(rules) + "\n"
    for child, where in fresh.items():
        yield from _sections(where, child, models, seen)


def _field(
    name: str,
    schema: JsonObject,
    model: JsonObject,
    models: dict[str, JsonObject],
    seen: dict[str, str],
) -> tuple[str, ...]:
    required = name in model.get("required", ())
    return (
        f"`{name}`",
        _type(schema, models, seen),
        "required" if required else _default(schema),
        " ".join(_meaning({**_target(schema, models), **schema})),
    )


def _meaning(schema: JsonObject) -> Iterator[str]:
    yield schema.get("description", "")
    for lowest, highest, unit in _SIZES:
        # A string's own rule says more than the limit that keeps the rule cheap.
        if not (unit == " characters" and (_RULES in schema or NOTATION in schema)):
            yield from _size(schema.get(lowest), schema.get(highest), unit)
    for example in schema.get("examples", ()):
        yield f"Example: `{_literal(example)}`."


def _size(lowest: int | None, highest: int | None, unit: str) -> Iterator[str]:
    if lowest is not None and highest is not None:
        yield f"{lowest} to {highest}{unit}."
    elif highest is not None:
        yield f"At most {highest}{unit}."
    elif lowest is not None:
        yield f"At least {lowest}{unit}."


def _rules(path: str, model: JsonObject) -> Iterator[str]:
    """Sentences that begin with the field they speak of, as the API server's own do."""
    for name, schema in model["properties"].items():
        for rule in schema.get(_RULES, ()):
            yield f"- `{name}` {rule['message']}."
        for rule in schema.get("additionalProperties", {}).get(_RULES, ()):
            yield f"- Each value of `{name}` {rule['message']}."
    for rule in model.get(_RULES, ()):
        yield f"- `{rule.get('fieldPath', '').removeprefix('.') or path}` {rule['message']}."


def _type(schema: JsonObject, models: dict[str, JsonObject], seen: dict[str, str]) -> str:
    target = _target(schema, models)
    if "properties" in target:
        path = seen[_name(schema)]
        return f"[object](#{_anchor(path)})"
    whole = {**target, **schema}
    if "enum" in whole:
        return " or ".join(f"`{value}`" for value in whole["enum"])
    if NOTATION in whole:
        return str(whole[NOTATION])
    if "items" in whole:
        return f"list of {_type(whole['items'], models, seen)}"
    if "additionalProperties" in whole:
        return f"map of {_type(whole['additionalProperties'], models, seen)}"
    if "x-kubernetes-int-or-string" in whole:
        return "integer or string"
    return "time" if whole.get("format") == "date-time" else str(whole["type"])


def _default(schema: JsonObject) -> str:
    default = schema.get("default")
    return (
        "" if isinstance(default, dict) or default in (None, "", []) else f"`{_literal(default)}`"
    )


def _literal(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _model_of(schema: JsonObject, models: dict[str, JsonObject]) -> tuple[str, str] | None:
    """Name the model that a field holds, and what its path ends in."""
    if "items" in schema:
        found = _model_of(schema["items"], models)
        return (found[0], "[]") if found else None
    return (_name(schema), "") if "properties" in _target(schema, models) else None


def _target(schema: JsonObject, models: dict[str, JsonObject]) -> JsonObject:
    return models[_name(schema)] if "$ref" in schema else {}


def _name(schema: JsonObject) -> str:
    return str(schema["$ref"]).removeprefix("#/$defs/")


def _anchor(path: str) -> str:
    return "".join(letter for letter in path.lower() if letter.isalnum())


def _described(words: type[Described]) -> Iterator[tuple[str, ...]]:
    return ((f"`{word}`", word.meaning) for word in words)


def _reasons() -> Iterator[tuple[str, ...]]:
    return (
        (f"`{reason}`", reason.meaning, reason.remedy, "Warning" if reason.is_warning else "Normal")
        for reason in Reason
    )


def _columns() -> Iterator[tuple[str, ...]]:
    return (
        (f"{column.name}{' (`-o wide`)' if column.wide else ''}", column.meaning)
        for column in COLUMNS
    )


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(f"| {' | '.join(_cell(cell) for cell in line)} |" for line in lines) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
