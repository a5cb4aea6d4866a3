"""What a revision is: one content of `spec.model` and `spec.runtime`, named by its hash.

Nothing else makes a revision, and no default goes into the hash: a new operator with other defaults
must not restart anybody's pods.
"""

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from slipway_operator.api.model import ModelSpec
from slipway_operator.api.runtime import RuntimeSpec
from slipway_operator.objects import Obj


@dataclass(frozen=True, slots=True)
class Defaults:
    """What the operator's settings add to a revision, fixed when the revision is made."""

    image: str
    image_pull_policy: str
    model_size_limit: int
    allowed_sources: str


@dataclass(frozen=True, slots=True)
class Revision:
    """One revision's whole content; it outlives the edit of the custom resource."""

    name: str
    number: int
    model: Obj
    runtime: Obj
    defaults: Defaults

    @property
    def model_spec(self) -> ModelSpec:
        """The model, typed."""
        return ModelSpec.model_validate(self.model)

    @property
    def runtime_spec(self) -> RuntimeSpec:
        """The runtime, typed."""
        return RuntimeSpec.model_validate(self.runtime)

    @property
    def image(self) -> str:
        """The runtime image: the user's own, else the operator's of that day."""
        return self.runtime_spec.image or self.defaults.image


def new_revision(spec: Obj, number: int, defaults: Defaults) -> Revision:
    """Return the revision that a spec asks for."""
    content = revision_content(spec)
    return Revision(revision_name(spec), number, content["model"], content["runtime"], defaults)


def revision_name(spec: Obj) -> str:
    """Return the name of the revision that a spec asks for."""
    return hashlib.sha256(canonical_json(revision_content(spec)).encode()).hexdigest()[:8]


def revision_content(spec: Obj) -> Obj:
    """Return the part of a spec that makes a revision, as the user wrote it, without nulls."""
    return {"model": _pruned(spec["model"]), "runtime": _pruned(spec.get("runtime") or {})}


def canonical_json(value: Any) -> str:
    """Write JSON so that equal contents give equal text."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _pruned(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _pruned(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [_pruned(item) for item in value]
    return value
