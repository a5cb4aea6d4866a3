"""Whether a child must be written again, told from who owns its fields: no values are compared.

The API server keeps, for each field, who set it last. A field of ours that a hand changed or
removed is no longer ours; so defaults, rounded quantities and reordered lists never look like a
difference. Fields that others add stay theirs, except items put into lists that are ours.
"""

import hashlib
import json
from collections.abc import Iterator
from enum import Enum, auto
from typing import Any, Final

from slipway_operator.api import GROUP
from slipway_operator.desired.labels import MANAGER
from slipway_operator.desired.revisions import canonical_json
from slipway_operator.objects import Obj, annotations_of

SCALE_MANAGER: Final = "slipway-scale"
APPLIED: Final = f"{GROUP}/applied"


class Drift(Enum):
    """Why a child must be written."""

    ABSENT = auto()
    OUTDATED = auto()
    EDITED = auto()


def drift(desired: Obj, live: Obj | None) -> Drift | None:
    """Tell why an object must be written, or that it must not."""
    if live is None:
        return Drift.ABSENT
    if annotations_of(live).get(APPLIED) != fingerprint(desired) and _was_applied(live):
        return Drift.OUTDATED
    ours = _fields_of(live, MANAGER)
    stamped = with_fingerprint(desired)
    meta = {key: stamped["metadata"][key] for key in ("labels", "annotations", "ownerReferences")}
    content = {key: value for key, value in desired.items() if key not in _IDENTITY}
    whole = {"metadata": meta, **content}
    return None if _is_owned(whole, ours) and not foreign_items(desired, live) else Drift.EDITED


def with_fingerprint(desired: Obj) -> Obj:
    """Return the object with an annotation that tells its content."""
    meta = desired["metadata"]
    annotations = {**meta.get("annotations", {}), APPLIED: fingerprint(desired)}
    return {**desired, "metadata": {**meta, "annotations": annotations}}


def fingerprint(desired: Obj) -> str:
    """Return a short hash of an object's content."""
    return hashlib.sha256(canonical_json(desired).encode()).hexdigest()[:16]


def replicas_to_hand_over(desired: Obj, live: Obj | None) -> int | None:
    """Return the count that must change hands before we stop owning `spec.replicas`.

    A field that its only owner drops is reset to its default: without a second owner, the pods of
    a scaled Deployment would fall to one.
    """
    if live is None or "replicas" in desired["spec"]:
        return None
    owned = "f:replicas" in _fields_of(live, MANAGER).get("f:spec", {})
    replicas: int = live["spec"]["replicas"]
    return replicas if owned else None


def foreign_items(desired: Obj, live: Obj) -> list[str]:
    """Return JSON pointers to items that others put into our lists, last ones first."""
    spec, live_spec = desired.get("spec", {}), live.get("spec", {})
    others = [entry.get("f:spec", {}) for entry in _fields_of_others(live)]
    pointers = {
        pointer for fields in others for pointer in _foreign(spec, live_spec, fields, "/spec")
    }
    return sorted(pointers, key=_position, reverse=True)


_IDENTITY: Final = frozenset({"apiVersion", "kind", "metadata"})


def _was_applied(live: Obj) -> bool:
    return APPLIED in annotations_of(live)


def _fields_of(live: Obj, manager: str) -> Obj:
    for entry in live["metadata"].get("managedFields") or ():
        if entry["manager"] == manager and entry["operation"] == "Apply":
            fields: Obj = entry.get("fieldsV1", {})
            return fields
    return {}


def _fields_of_others(live: Obj) -> Iterator[Obj]:
    for entry in live["metadata"].get("managedFields") or ():
        if entry["manager"] not in (MANAGER, SCALE_MANAGER) and not entry.get("subresource"):
            yield entry.get("fieldsV1", {})


def _is_owned(value: Any, fields: Obj) -> bool:
    """Tell whether every leaf of a value is in a set of owned fields."""
    if isinstance(value, dict):
        return all(
            f"f:{key}" in fields and _covers(fields[f"f:{key}"], item)
            for key, item in value.items()
        )
    if isinstance(value, list):
        return all(_is_item_owned(item, fields) for item in value)
    return False


def _covers(fields: Obj, value: Any) -> bool:
    return not fields or _is_owned(value, fields)


def _is_item_owned(item: Any, fields: Obj) -> bool:
    if not isinstance(item, dict):
        return f"v:{json.dumps(item)}" in fields
    return any(_covers(sub, item) for keys, sub in _keyed(fields) if _matches(item, keys))


def _keyed(fields: Obj) -> Iterator[tuple[Obj, Obj]]:
    return ((json.loads(key[2:]), sub) for key, sub in fields.items() if key.startswith("k:"))


def _matches(item: Obj, keys: Obj) -> bool:
    return all(item.get(key) == value for key, value in keys.items())


def _foreign(desired: Any, live: Any, fields: Obj, path: str) -> Iterator[str]:
    if isinstance(desired, dict) and isinstance(live, dict):
        for key, value in desired.items():
            below = fields.get(f"f:{key}")
            if below and key in live:
                yield from _foreign(value, live[key], below, f"{path}/{_escaped(key)}")
    elif isinstance(desired, list) and isinstance(live, list):
        yield from _foreign_in_list(desired, live, fields, path)


def _foreign_in_list(desired: list[Any], live: list[Any], fields: Obj, path: str) -> Iterator[str]:
    for keys, below in _keyed(fields):
        index = next((i for i, item in enumerate(live) if _matches(item, keys)), None)
        ours = next((item for item in desired if _matches(item, keys)), None)
        if index is None:
            continue
        if ours is None:
            yield f"{path}/{index}"
        else:
            yield from _foreign(ours, live[index], below, f"{path}/{index}")


def _escaped(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")


def _position(pointer: str) -> list[tuple[bool, int, str]]:
    """Order pointers so that removing from the end never moves one that is still to be removed."""
    parts = pointer.split("/")
    return [(part.isdigit(), int(part) if part.isdigit() else 0, part) for part in parts]
