"""What this checkout keeps about its cluster, all below .local: kubeconfig, kubectl, image names.

Must not know which kind of cluster it is.
"""

from pathlib import Path

from localcluster import builds, files
from localcluster.instance import DEFAULT

ROOT = Path(__file__).resolve().parents[3]
LOCAL = ROOT / ".local"
IMAGES_ENV = LOCAL / "images.env"


def kubeconfig(name: str = DEFAULT) -> Path:
    """The kubeconfig of a cluster: the default one has the plain name."""
    return LOCAL / ("kubeconfig" if name == DEFAULT else f"{name}.kubeconfig")


def publish(name: str, config: str) -> None:
    """Put the kubeconfig and a kubectl of the right version where everybody looks for them."""
    files.write(kubeconfig(name), config)
    files.link(LOCAL / "bin" / "kubectl", builds.program("kubectl"))


def retract(name: str) -> None:
    """Take the kubeconfig of a cluster that is gone away."""
    kubeconfig(name).unlink(missing_ok=True)
