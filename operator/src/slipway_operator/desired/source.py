"""Where a model comes from, as a pod sees it: the fetching container's arguments and its volume.

Reading the source is the runtime's work. Only `pvc` and `oci` sources need the pod to mount it.
"""

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from slipway_operator.api.model import ModelSpec
from slipway_operator.objects import Obj

VOLUME: Final = "source"
MOUNT_PATH: Final = "/source"


@dataclass(frozen=True, slots=True)
class Source:
    """A model's source."""

    arguments: tuple[str, ...]
    volume: Obj | None
    secret: str | None


def source_of(model: ModelSpec, pull_policy: str) -> Source:
    """Return how a pod gets at the model."""
    volume = _volume(model.uri, pull_policy)
    arguments = ["--uri", model.uri]
    if model.sha256:
        arguments += ["--sha256", model.sha256]
    if volume:
        arguments += ["--source-dir", MOUNT_PATH]
    secret = model.credentials.secret_name if model.credentials else None
    return Source(tuple(arguments), volume, secret)


def _volume(uri: str, pull_policy: str) -> Obj | None:
    parts = urlsplit(uri)
    if parts.scheme == "pvc":
        claim = {"claimName": parts.netloc, "readOnly": True}
        return {"name": VOLUME, "persistentVolumeClaim": claim}
    if parts.scheme == "oci":
        reference = f"{parts.netloc}{parts.path}"
        return {"name": VOLUME, "image": {"reference": reference, "pullPolicy": pull_policy}}
    return None
