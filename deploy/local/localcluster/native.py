"""The node built from source: root on Linux; see README.md. Must not do the work itself."""

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from localcluster import (
    bringup,
    buildah,
    builds,
    checkout,
    components,
    kubeconfig,
    kwok,
    layout,
    network,
    nodeimages,
    prerequisites,
    processes,
    teardown,
)
from localcluster.components import Component
from localcluster.images import Image, Size
from localcluster.instance import Instance
from localcluster.locks import alone
from localcluster.progress import say, step

# Of the whole machine: instances share a few kernel settings.
LOCK = Path("/run/lock/slipway-local")


@dataclass(frozen=True, slots=True)
class Native:
    """A one-node cluster of our own processes."""

    instance: Instance
    base: str = buildah.BASE

    def up(self) -> None:
        """Bring it up, whatever state it is in."""
        prerequisites.ensure()
        builds.ensure(components.BUILDS)
        began = time.monotonic()
        with alone(LOCK):
            bringup.bring_up(self.instance)
            checkout.publish(self.instance.name, kubeconfig.for_people(self.instance))
        say(f"Cluster {self.instance.name} is up ({time.monotonic() - began:.1f} s)")

    def down(self) -> None:
        """Take it away, whatever state it is in."""
        with alone(LOCK):
            teardown.remove(self.instance)
        checkout.retract(self.instance.name)
        say(f"Cluster {self.instance.name} is down")

    def is_there(self) -> bool:
        """Whether anything of it is on this machine, as far as this user may see."""
        return os.access(self.instance.state.parent, os.X_OK) and teardown.is_there(self.instance)

    def status(self) -> dict[str, Any]:
        """What runs, and where everything is."""
        record = layout.record(self.instance)
        return {
            "backend": "native",
            "healthy": bool(record) and not bringup.unhealthy(self.instance),
            "kubernetes": record.get("kubernetes"),
            "components": {c.name: self._pid(c) for c in self._components()},
            "kubeconfig": str(checkout.kubeconfig(self.instance.name)),
            "api": self.instance.api,
            "nodeAddress": str(self.instance.node_address),
            "hostAddress": str(self.instance.host_address),
            "auditLog": str(self.instance.audit_log),
            "logs": str(self.instance.log_folder),
            "nodeShell": " ".join([*network.inside(self.instance), "bash"]),
            "ctr": " ".join(nodeimages.ctr(self.instance)),
        }

    def load(self, archives: Sequence[Path]) -> None:
        """Put image archives onto the node."""
        nodeimages.load(self.instance, archives)

    def has_image(self, reference: str) -> bool:
        """Whether the node has an image."""
        return nodeimages.has(self.instance, reference)

    def add_image(self, image: Image, reference: str) -> Size:
        """Build one of our images and put it onto the node."""
        archive = buildah.archive(image, reference)
        with step(f"loading {reference}"):
            self.load([archive])
        return buildah.size(archive)

    def start_kwok(self) -> None:
        """Start the simulator of nodes beside the cluster, which is up."""
        builds.ensure(["kwok"])
        with alone(LOCK):
            bringup.keep_running(self.instance, kwok.component(self.instance))

    def _components(self) -> tuple[Component, ...]:
        return (*components.every(self.instance), kwok.component(self.instance))

    def _pid(self, component: Component) -> int | None:
        return next(iter(processes.alive(self.instance, component)), None)
