"""The two images of Slipway: what goes in, what they are called, where they are.

A tag is the hash of all that goes in, so an image that is there is the right one. Must not know
how an image is built.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from localcluster import checkout, files

IGNORED = {"__pycache__"}


@dataclass(frozen=True, slots=True)
class Image:
    """An image that is built from a folder of this repository."""

    name: str
    folder: Path

    @property
    def variable(self) -> str:
        """The name under which other programs look the image up."""
        return f"{self.name.upper()}_IMAGE"


@dataclass(frozen=True, slots=True)
class Size:
    """Bytes of an image unpacked, and of the base in it."""

    total: int
    base: int

    def __str__(self) -> str:
        """Both figures a person asks for."""
        return f"{_megabytes(self.total)}, adds {_megabytes(self.total - self.base)} to its base"


OURS = tuple(Image(name, checkout.ROOT / name) for name in ("operator", "runtime"))


def reference(image: Image, base: str) -> str:
    """The full name of an image on a given base."""
    digest = hashlib.sha256(base.encode())
    for path in _contents(image.folder):
        digest.update(str(path.relative_to(image.folder)).encode() + b"\0" + path.read_bytes())
    return f"localhost/slipway-{image.name}:{digest.hexdigest()[:12]}"


def publish(references: dict[Image, str]) -> None:
    """Write down which images are current, for whoever deploys them."""
    lines = [f"{image.variable}={reference}\n" for image, reference in references.items()]
    files.write(checkout.IMAGES_ENV, "".join(lines))


def _contents(folder: Path) -> Iterator[Path]:
    yield folder / "Dockerfile"
    yield folder / "requirements.txt"
    for path in sorted((folder / "src").rglob("*")):
        if path.is_file() and not IGNORED.intersection(path.parts):
            yield path


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.0f} MB"
