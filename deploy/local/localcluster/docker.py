"""Building images with Docker. Must not know any cluster."""

import json
import os

from localcluster import builds, pipsettings
from localcluster.commands import run, succeeds
from localcluster.images import Image, Size
from localcluster.progress import step

BASE = "python:3.13-slim-trixie"


def answers() -> bool:
    """Whether a Docker engine answers here."""
    return succeeds(["docker", "info"])


def build(image: Image, reference: str) -> Size:
    """Build an image; Docker's own cache makes the second time quick."""
    secrets = pipsettings.prepare(builds.cache_folder() / "images")
    proxies = [word for name in pipsettings.PROXIES if name in os.environ for word in _given(name)]
    run(["docker", "pull", "--quiet", BASE])
    with step(f"building {reference}"):
        options = ("--quiet", "--build-arg", f"BASE={BASE}", *proxies, *secrets.arguments())
        build = ["docker", "build", *options, "--tag", reference, str(image.folder)]
        run(build, env={"DOCKER_BUILDKIT": "1"})
    return Size(total=_size(reference), base=_size(BASE))


def _given(name: str) -> tuple[str, str]:
    """A build argument with the value that the environment has."""
    return ("--build-arg", name)


def _size(reference: str) -> int:
    return int(json.loads(run(["docker", "image", "inspect", reference]))[0]["Size"])
