"""The CustomResourceDefinition, made from the models.

Pure: it returns plain data and touches no file and no cluster.
"""

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
# name, JSONPath, type, meaning; those with priority 1 are shown by `kubectl get -o wide` alone.
_COLUMNS: Final = (
    ("Ready", f"{_READY}.status", "string", 0, "Whether the whole spec is live."),
    ("Phase", ".status.phase", "string", 0, "The whole state in one word."),
    ("Stable", ".status.stable.revision", "string", 0, "The revision users rely on."),
    ("Candidate", ".status.candidate.revision", "string", 0, "The revision to replace it."),
    ("Replicas", ".status.replicas", "integer", 0, "How many pods there are."),
    ("Age", ".metadata.creationTimestamp", "date", 0, "How long ago it was made."),
    ("Version", ".status.stable.version", "string", 1, "The stable revision's own label."),
    ("URL", ".status.url", "string", 1, "Where requests are answered inside the cluster."),
    ("Reason", f"{_READY}.reason", "string", 1, "Why it is ready or not, in one word."),
    ("Message", ".status.message", "string", 1, "The whole state in a sentence."),
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
        "additionalPrinterColumns": [
            {"name": name, "jsonPath": path, "type": kind, "priority": priority, "description": why}
            for name, path, kind, priority, why in _COLUMNS
        ],
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
