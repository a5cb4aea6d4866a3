"""The images on the node, through containerd's own client. Must not build an image."""

from collections.abc import Sequence
from pathlib import Path

from localcluster import builds, node, scratch
from localcluster.commands import run
from localcluster.instance import Instance


def ctr(instance: Instance) -> list[str]:
    """The words that begin a command to the node's container runtime."""
    program = str(builds.program("containerd", "ctr"))
    return [program, "--address", str(instance.containerd), "--namespace", "k8s.io"]


def load(instance: Instance, archives: Sequence[Path]) -> None:
    """Put image archives onto the node."""
    for archive in archives:
        run([*ctr(instance), "images", "import", "--local", archive])


def has(instance: Instance, reference: str) -> bool:
    """Whether the node has an image."""
    return reference in run([*ctr(instance), "images", "list", "--quiet"]).split()


def ensure_pause(instance: Instance) -> None:
    """The image that holds a pod's namespaces."""
    if not has(instance, node.PAUSE_IMAGE):
        archive = instance.state / "pause.tar"
        scratch.write(archive, node.PAUSE_IMAGE, builds.program("pause"))
        load(instance, [archive])
