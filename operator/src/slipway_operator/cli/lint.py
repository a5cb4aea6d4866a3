"""Judge manifests as the API server would, without one: by the schema and by its CEL rules.

Both come from the models, so that what passes here is accepted there. Nothing but the manifest is
looked at: whether a model, a Secret or an image exists is for the cluster to find out.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Final

from slipway_operator.api import API_VERSION, GROUP, KIND
from slipway_operator.api.base import JsonObject
from slipway_operator.api.crd import build_schema
from slipway_operator.cli.manifests import Manifest, ManifestError, Path, read_manifests
from slipway_operator.cli.rules import broken_rules
from slipway_operator.cli.structure import structural_errors

_NAME: Final = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_METADATA: Final = {
    "type": "object",
    "required": ["name"],
    "patternProperties": {
        "^name$": {"type": "string", "maxLength": 253, "pattern": rf"^{_NAME}([.]{_NAME})*\Z"}
    },
}


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong, and where."""

    line: int
    field: str
    message: str


@dataclass(frozen=True, slots=True)
class Report:
    """How many ModelDeployments a file holds, and what is wrong with them."""

    checked: int
    findings: list[Finding]


def lint_text(text: str) -> Report:
    """Judge every ModelDeployment in a file; other kinds are passed over."""
    try:
        objects = [each for manifest in read_manifests(text) for each in manifest.members()]
    except ManifestError as error:
        return Report(0, [Finding(error.line, "YAML", str(error))])
    ours = [each for each in objects if _is_ours(each.content)]
    return Report(len(ours), [finding for manifest in ours for finding in lint(manifest)])


def _is_ours(content: object) -> bool:
    if not isinstance(content, dict):
        return False
    if "apiVersion" not in content:
        return content.get("kind") == KIND
    return str(content["apiVersion"]).partition("/")[0] == GROUP


def lint(manifest: Manifest) -> list[Finding]:
    """Return everything that the API server would refuse, from top to bottom."""
    found = sorted(_errors(manifest), key=lambda error: manifest.line_of(error[0]))
    return [Finding(manifest.line_of(path), _spell(path), message) for path, message in found]


def _errors(manifest: Manifest) -> Iterator[tuple[Path, str]]:
    schema = _schema()
    unfit = list(structural_errors(schema, manifest.content))
    within = {path[:depth] for path, _ in unfit for depth in range(len(path) + 1)}
    yield from unfit
    yield from broken_rules(schema, manifest.content, within)


@cache
def _schema() -> JsonObject:
    schema = build_schema()
    envelope = {
        "apiVersion": {"type": "string", "enum": [API_VERSION]},
        "kind": {"type": "string", "enum": [KIND]},
        "metadata": _METADATA,
    }
    return {
        **schema,
        "required": ["apiVersion", "kind", "metadata", *schema["required"]],
        "properties": {**schema["properties"], **envelope},
    }


def _spell(path: Path) -> str:
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.removeprefix(".") or "the whole"
