"""The CustomResourceDefinition, made from the models.

Pure: it returns plain data and touches no file and no cluster.
"""

from dataclasses import dataclass
from typing import Final

from slipway_operator.api import (
    API_VERSION,
    CATEGORY,
    GROUP,
    KIND,
    PLURAL,
    SHORT_NAME,
    SINGULAR,
    VERSION,
)
from slipway_operator.api.base import JsonObject
from slipway_operator.api.schema import structural_schema
from slipway_operator.api.v1alpha1 import ModelDeployment

CRD_NAME: Final = f"{PLURAL}.{GROUP}"

_READY: Final = '.status.conditions[?(@.type=="Ready")]'


@dataclass(frozen=True, slots=True)
class Column:
    """A column of `kubectl get`; a wide one is shown with `-o wide` alone."""

    name: str
    path: str
    kind: str
    meaning: str
    wide: bool = False

    def to_wire(self) -> JsonObject:
        """Return the column as the CRD spells it."""
        return {
            "name": self.name,
            "jsonPath": self.path,
            "type": self.kind,
            "priority": int(self.wide),
            "description": self.meaning,
        }


COLUMNS: Final = (
    Column("Ready", f"{_READY}.status", "string", "Whether the whole spec is live."),
    Column("Phase", ".status.phase", "string", "The whole state in one word."),
    Column("Stable", ".status.stable.revision", "string", "The revision that users rely on."),
    Column("Candidate", ".status.candidate.revision", "string", "The revision to replace it."),
    Column("Replicas", ".status.replicas", "integer", "How many pods there are."),
    Column("Age", ".metadata.creationTimestamp", "date", "How long ago it was made."),
    Column("Version", ".status.stable.version", "string", "The stable's own label.", wide=True),
    Column("URL", ".status.url", "string", "Where requests are answered.", wide=True),
    Column("Reason", f"{_READY}.reason", "string", "Why it is ready or not.", wide=True),
    Column("Message", ".status.message", "string", "The state in a sentence.", wide=True),
)
SELECTABLE: Final = (".spec.model.version", ".status.phase")


def build_crd() -> JsonObject:
    """Return the whole definition, ready to be applied."""
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": CRD_NAME, "labels": {"app.kubernetes.io/part-of": "slipway"}},
        "spec": {
            "group": GROUP,
            "scope": "Namespaced",
            "names": {
                "kind": KIND,
                "listKind": f"{KIND}List",
                "plural": PLURAL,
                "singular": SINGULAR,
                "shortNames": [SHORT_NAME],
                "categories": [CATEGORY],
            },
            "versions": [_build_version()],
        },
    }


def _build_version() -> JsonObject:
    return {
        "name": VERSION,
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": build_schema()},
        "subresources": {
            "status": {},
            "scale": {
                "specReplicasPath": ".spec.replicas",
                "statusReplicasPath": ".status.replicas",
                "labelSelectorPath": ".status.selector",
            },
        },
        "additionalPrinterColumns": [column.to_wire() for column in COLUMNS],
        "selectableFields": [{"jsonPath": path} for path in SELECTABLE],
    }


def build_schema() -> JsonObject:
    """Return the structural schema of a whole ModelDeployment."""
    schema = structural_schema(ModelDeployment)
    envelope = {
        "apiVersion": {"type": "string", "description": f"Always `{API_VERSION}`."},
        "kind": {"type": "string", "description": f"Always `{KIND}`."},
        "metadata": {"type": "object"},
    }
    return {**schema, "properties": {**envelope, **schema["properties"]}}
