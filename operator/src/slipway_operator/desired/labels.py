"""Labels, annotations, selectors and metadata that all children share.

The words are part of the contract with users' queries and dashboards: changing one of them moves
every selector.
"""

from collections.abc import Mapping
from typing import Final

from slipway_operator.api import API_VERSION, GROUP, KIND
from slipway_operator.desired.names import label_value
from slipway_operator.objects import Kind, Obj, Owner

MANAGED_BY: Final = "app.kubernetes.io/managed-by"
MANAGER: Final = "slipway"
DEPLOYMENT_LABEL: Final = f"{GROUP}/deployment"
REVISION_LABEL: Final = f"{GROUP}/revision"
OWNER_ANNOTATION: Final = f"{GROUP}/owner"


def common_labels(owner: Owner) -> dict[str, str]:
    """Return the labels that every child carries."""
    name = label_value(owner.name)
    return {
        MANAGED_BY: MANAGER,
        "app.kubernetes.io/name": name,
        "app.kubernetes.io/component": "model-runtime",
        DEPLOYMENT_LABEL: name,
    }


def revision_labels(owner: Owner, revision: str) -> dict[str, str]:
    """Return the labels of a child that belongs to one revision."""
    return {**common_labels(owner), REVISION_LABEL: revision}


def selector(owner: Owner, revision: str | None = None) -> dict[str, str]:
    """Return what selects the pods of one revision, or of all."""
    every = {DEPLOYMENT_LABEL: label_value(owner.name)}
    return {**every, REVISION_LABEL: revision} if revision else every


def children_selector(owner: Owner) -> str:
    """Return the label selector, as text, of everything that belongs to the owner."""
    return f"{DEPLOYMENT_LABEL}={label_value(owner.name)}"


def metadata(
    owner: Owner,
    name: str,
    revision: str | None = None,
    annotations: Mapping[str, str] | None = None,
) -> Obj:
    """Return the metadata of a child, owned by the ModelDeployment."""
    labels = revision_labels(owner, revision) if revision else common_labels(owner)
    return {
        "name": name,
        "namespace": owner.namespace,
        "labels": labels,
        **({"annotations": dict(annotations)} if annotations else {}),
        "ownerReferences": [_owner_reference(owner)],
    }


def child(kind: Kind, meta: Obj, **content: object) -> Obj:
    """Return a whole object."""
    return {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": meta, **content}


def _owner_reference(owner: Owner) -> Obj:
    # Nothing of ours may hold up a deletion, so the children do not block their owner's.
    return {
        "apiVersion": API_VERSION,
        "kind": KIND,
        "name": owner.name,
        "uid": owner.uid,
        "controller": True,
        "blockOwnerDeletion": False,
    }
