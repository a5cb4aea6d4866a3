"""Judge manifests as the API server would, without one: the schema first, then the CEL rules.

Both come from the models, so that what passes here is accepted there. Nothing but the manifest is
looked at: whether a model, a Secret or an image exists is for the cluster to find out.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from jsonschema import Draft202012Validator, ValidationError
from jsonschema.protocols import Validator
from jsonschema.validators import extend

from slipway_operator.api import API_VERSION, GROUP, KIND
from slipway_operator.api.base import JsonObject
from slipway_operator.api.crd import build_schema
from slipway_operator.cli.manifests import Manifest, Path
from slipway_operator.cli.rules import broken_rules

_METADATA: Final = {
    "type": "object",
    "required": ["name"],
    "properties": {
        "name": {
            "type": "string",
            "maxLength": 253,
            "pattern": r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*\Z",
        }
    },
}


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong, and where."""

    line: int
    field: str
    message: str


def is_ours(manifest: Manifest) -> bool:
    """Tell whether a manifest is a ModelDeployment, of whatever version."""
    content = manifest.content
    if not isinstance(content, dict):
        return False
    group = str(content.get("apiVersion")).partition("/")[0]
    return content.get("kind") == KIND and group in (GROUP, "None")


def lint(manifest: Manifest) -> list[Finding]:
    """Return everything the API server would refuse, from top to bottom."""
    found = [*_structural_errors(manifest.content)]
    schema = build_schema()
    if not found:
        found = [*broken_rules(schema, manifest.content)]
    findings = [
        Finding(manifest.line_of(path), _spell(path), message) for path, message in found
    ]
    return sorted(findings, key=lambda finding: finding.line)
