"""A cluster that somebody else runs: we only see whether it answers, and never change it.

The context that is current is copied at `up`: whoever switches theirs later does not send our
tests elsewhere. Must not create, load or delete anything.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from localcluster import builds, checkout
from localcluster.commands import Failure, run, succeeds
from localcluster.images import Image, Size
from localcluster.progress import say


@dataclass(frozen=True, slots=True)
class External:
    """The cluster of a user's KUBECONFIG."""

    kubeconfig: str
    base: str = ""

    def up(self) -> None:
        """See that it answers and copy its current context into the checkout."""
        if not self.kubeconfig or Path(self.kubeconfig) == checkout.kubeconfig():
            raise Failure("CLUSTER=external needs KUBECONFIG to name your cluster's kubeconfig")
        builds.ensure(["kubectl"])
        given = builds.kubectl(self.kubeconfig)
        run([*given, "get", "--raw", "/readyz", "--request-timeout=10s"])
        current = ("config", "view", "--raw", "--minify", "--flatten")
        checkout.publish("slipway", run([*given, *current]))
        say("The cluster answers")

    def down(self) -> None:
        """Forget it; it goes on running."""
        checkout.retract("slipway")
        say("The cluster is yours and goes on running; only .local/kubeconfig is gone")

    def status(self) -> dict[str, Any]:
        """Whether it answers."""
        config = checkout.kubeconfig()
        question = ("get", "--raw", "/readyz", "--request-timeout=10s")
        healthy = config.exists() and succeeds([*builds.kubectl(config), *question])
        return {"backend": "external", "healthy": healthy, "kubeconfig": str(config)}

    def load(self, archives: Sequence[Path]) -> None:
        """Refuse: only its owner can."""
        raise Failure(f"push {len(archives)} image(s) to a registry that your cluster pulls from")

    def has_image(self, reference: str) -> bool:  # noqa: ARG002 (nobody outside can see it)
        """Refuse, saying what the user can do instead."""
        raise Failure(
            "an external cluster's images are yours to provide: docker build and push operator/ "
            "and runtime/, then set OPERATOR_IMAGE=... and RUNTIME_IMAGE=..."
        )

    def add_image(self, image: Image, reference: str) -> Size:
        """Refuse as `has_image` does."""
        raise Failure(f"cannot put {reference} of {image.name} onto an external cluster")
