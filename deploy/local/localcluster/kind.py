"""The cluster where Docker answers: kind, with our pinned metrics-server added.

Must not do anything that only this cluster would have.
"""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from localcluster import addons, builds, checkout, docker, pins, scratch
from localcluster.commands import Failure, run, succeeds
from localcluster.images import Image, Size
from localcluster.progress import say, step

METRICS_IMAGE = f"localhost/metrics-server:{pins.version('metrics-server')}"


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind cluster by name."""

    name: str
    base: str = docker.BASE

    def up(self) -> None:
        """Create it unless it is there, and see that its nodes are ready."""
        if not docker.answers():
            raise Failure("kind needs a Docker engine that answers: start it, or CLUSTER=native")
        builds.ensure(["kind", "kubectl", "metrics-server"])
        if self.name not in self._kind("get", "clusters").split():
            with step("kind create cluster"):
                self._kind("create", "cluster", *self._named(), "--wait", "180s")
        checkout.publish(self.name, self._kind("get", "kubeconfig", "--name", self.name))
        with step("nodes and metrics", quiet_below_s=2):
            self._kubectl("wait", "--for=condition=Ready", "nodes", "--all", "--timeout=120s")
            self._add_metrics()
        say(f"Cluster {self.name} is up (kind)")

    def down(self) -> None:
        """Delete it; kind does nothing where it is not there."""
        builds.ensure(["kind"])
        self._kind("delete", "cluster", *self._named())
        checkout.retract(self.name)

    def status(self) -> dict[str, Any]:
        """Whether it answers."""
        config = checkout.kubeconfig(self.name)
        question = ("get", "--raw", "/readyz", "--request-timeout=10s")
        healthy = config.exists() and succeeds([*builds.kubectl(config), *question])
        return {"backend": "kind", "healthy": healthy, "kubeconfig": str(config)}

    def load(self, archives: Sequence[Path]) -> None:
        """Put image archives onto its node."""
        for archive in archives:
            self._kind("load", "image-archive", str(archive), "--name", self.name)

    def has_image(self, reference: str) -> bool:
        """Whether its node has an image."""
        node = f"{self.name}-control-plane"
        return succeeds(["docker", "exec", node, "crictl", "inspecti", "-q", reference])

    def add_image(self, image: Image, reference: str) -> Size:
        """Build one of our images with Docker and load it."""
        size = docker.build(image, reference)
        self._kind("load", "docker-image", reference, "--name", self.name)
        return size

    def _add_metrics(self) -> None:
        if not self.has_image(METRICS_IMAGE):
            with tempfile.TemporaryDirectory() as folder:
                archive = Path(folder) / "metrics-server.tar"
                scratch.write(archive, METRICS_IMAGE, builds.program("metrics-server"))
                self.load([archive])
        manifest = (addons.MANIFESTS / "metrics-server-kind.yaml").read_text()
        self._kubectl("apply", "-f", "-", stdin=manifest.replace("${IMAGE}", METRICS_IMAGE))

    def _named(self) -> tuple[str, ...]:
        """Without a kubeconfig named, kind would edit the user's own."""
        return ("--name", self.name, "--kubeconfig", str(checkout.kubeconfig(self.name)))

    def _kind(self, *words: str) -> str:
        return run([builds.program("kind"), *words])

    def _kubectl(self, *words: str, stdin: str | None = None) -> str:
        config = checkout.kubeconfig(self.name)
        return run([*builds.kubectl(config), *words], stdin=stdin)
