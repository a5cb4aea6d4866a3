"""Which cluster this machine uses, and what every cluster can do.

CLUSTER=native, kind or external decides; else a node built from source that is there already,
else kind where Docker answers, else the node built from source. Must not know how any works.
"""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from localcluster import docker, external, instance, kind, native
from localcluster.commands import Failure
from localcluster.images import Image, Size

CHOICES = ("native", "kind", "external")


class Cluster(Protocol):
    """A Kubernetes that tests and users work on."""

    @property
    def base(self) -> str:
        """The base that its images are built on."""

    def up(self) -> None:
        """Make it work, from whatever state it is in."""

    def down(self) -> None:
        """Take it away, whatever state it is in."""

    def status(self) -> dict[str, Any]:
        """Facts for people and for tests; `healthy` among them."""

    def load(self, archives: Sequence[Path]) -> None:
        """Put image archives onto its nodes."""

    def has_image(self, reference: str) -> bool:
        """Whether its nodes have an image."""

    def add_image(self, image: Image, reference: str) -> Size:
        """Build one of our images and put it onto its nodes."""


def chosen(name: str, env: Mapping[str, str] = os.environ) -> Cluster:
    """The cluster of a name, as environment and machine decide."""
    choice = env.get("CLUSTER", "")
    if choice and choice not in CHOICES:
        raise Failure(f"CLUSTER={choice} is none of {', '.join(CHOICES)}")
    if choice == "external":
        return external.External(env.get("KUBECONFIG", ""))
    node = native.Native(instance.named(name))
    if choice == "native" or (not choice and node.is_there()):
        return node
    if choice == "kind" or docker.answers():
        return kind.Kind(name)
    return node
