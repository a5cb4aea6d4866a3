"""Whether a child must be written again, told from who owns its fields: no values are compared.

The API server keeps, for each field, who set it last. A field of ours that a hand changed or
removed is no longer ours; so defaults, rounded quantities and reordered lists never look like a
difference. Fields that others add stay theirs, except items put into lists that are ours.
"""

import copy
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
    ours = _our_fields(live)
    stamped = with_fingerprint(desired)
    meta = {key: stamped["metadata"][key] for key in ("labels", "annotations", "ownerReferences")}
    content = {key: value for key, value in desired.items() if key not in _IDENTITY}
    whole = {"metadata": meta, **content}
    strangers = owners_without_strangers(desired, live)
    return None if _is_owned(whole, ours) and strangers is None else Drift.EDITED


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
    owned = "f:replicas" in _our_fields(live).get("f:spec", {})
    replicas: int = live["spec"]["replicas"]
    return replicas if owned else None


def owners_without_strangers(desired: Obj, live: Obj) -> list[Obj] | None:
    """Return the owners of fields with every item that others put into our lists made our own.

    An apply removes what its manager owned and no longer wants: once foreign items are ours, the
    next apply takes them out and puts ours in, in one write. `None`: there is nothing foreign.
    """
    entries = copy.deepcopy(live["metadata"].get("managedFields") or [])
    ours = next((entry["fieldsV1"] for entry in entries if _is_ours(entry)), None)
    strange = [
        (entry["fieldsV1"], path)
        for entry in entries
        if _is_of_others(entry)
        for path in _foreign(desired.get("spec"), entry["fieldsV1"].get("f:spec", {}), ("f:spec",))
    ]
    if ours is None or not strange:
        return None
    for theirs, path in strange:
        _move(theirs, ours, path)
    return entries


_IDENTITY: Final = frozenset({"apiVersion", "kind", "metadata"})


def _was_applied(live: Obj) -> bool:
    return APPLIED in annotations_of(live)


def _our_fields(live: Obj) -> Obj:
    entries = live["metadata"].get("managedFields") or ()
    return next((entry["fieldsV1"] for entry in entries if _is_ours(entry)), {})


def _is_ours(entry: Obj) -> bool:
    return bool(entry["manager"] == MANAGER and entry["operation"] == "Apply")


def _is_of_others(entry: Obj) -> bool:
    return entry["manager"] not in (MANAGER, SCALE_MANAGER) and not entry.get("subresource")


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


def _foreign(desired: Any, fields: Obj, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Return the paths of list items that are owned but not wanted."""
    if isinstance(desired, dict):
        for key, value in desired.items():
            if below := fields.get(f"f:{key}"):
                yield from _foreign(value, below, (*path, f"f:{key}"))
    elif isinstance(desired, list):
        for key, below in fields.items():
            if not key.startswith("k:"):
                continue
            wanted = next((item for item in desired if _matches(item, json.loads(key[2:]))), None)
            if wanted is None:
                yield (*path, key)
            else:
                yield from _foreign(wanted, below, (*path, key))


def _move(source: Obj, target: Obj, path: tuple[str, ...]) -> None:
    """Move what lies at a path from one set of fields to another."""
    for key in path[:-1]:
        source, target = source[key], target.setdefault(key, {})
    target[path[-1]] = source.pop(path[-1])
