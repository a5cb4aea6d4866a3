"""Small, legal specs, and the settings that tests share."""

import hashlib
from datetime import UTC, datetime
from typing import Any

from slipway_operator.desired.revisions import Defaults
from slipway_operator.objects import Obj, Owner

NOW = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)
OWNER = Owner("team-a", "iris", "0f0e0d0c-0000-4000-8000-000000000001")
DEFAULTS = Defaults(
    image="registry.example.com/slipway-runtime:1.0.0",
    image_pull_policy="IfNotPresent",
    model_size_limit=4 * 2**30,
    allowed_sources="",
)


def model(name: str = "a") -> Obj:
    """A model of an example server, told apart by name."""
    digest = hashlib.sha256(name.encode()).hexdigest()
    return {"uri": f"https://models.example.com/{name}.onnx", "sha256": digest, "version": name}


def spec(name: str = "a", **fields: Any) -> Obj:
    """A spec, as a user writes it."""
    return {"model": model(name), **fields}


def spec_without_pods(**fields: Any) -> Obj:
    """A spec that is live without a single pod."""
    return spec(replicas=0, **fields)
