"""Building images without Docker: buildah, on a Debian base made by mmdebstrap.

Everything is kept in the cache; archives are what a node imports. Must not know any cluster.
"""

import json
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from localcluster import builds, mounts, packages, pipsettings
from localcluster.commands import run, succeeds
from localcluster.images import Image, Size
from localcluster.locks import alone
from localcluster.progress import step

SUITE = "trixie"
# As the default base has it: libstdc++ is what compiled wheels lean on.
INCLUDED = "python3,python3-venv,ca-certificates,libstdc++6"
UNUSED = ("doc", "info", "locale", "man")
BASE = f"localhost/slipway-base:{SUITE}-2"
KEPT_ARCHIVES = 3


def archive(image: Image, reference: str) -> Path:
    """The archive of an image, built if the cache has none."""
    path = _folder() / f"{image.name}-{reference.rpartition(':')[2]}.tar"
    with _alone():
        if not path.exists():
            packages.install(packages.missing_for_images())
            _ensure_base()
            with step(f"building {reference}"):
                _build(image, reference)
            with step(f"packing {reference}", quiet_below_s=2):
                _export(reference, path)
            _forget_old(image)
    path.touch()
    return path


def size(archive: Path) -> Size:
    """An archive's layers, of which the first is the base."""
    with tarfile.open(archive) as tar:
        manifest = tar.extractfile("manifest.json")
        assert manifest is not None  # noqa: S101 (every archive has one)
        layers = [tar.getmember(name) for name in json.load(manifest)[0]["Layers"]]
        sizes = [_followed(tar, layer).size for layer in layers]
    return Size(total=sum(sizes), base=sizes[0])


def _followed(tar: tarfile.TarFile, member: tarfile.TarInfo) -> tarfile.TarInfo:
    """A layer that occurs twice is a link the second time."""
    return tar.getmember(member.linkname.removeprefix("../")) if member.issym() else member


def _folder() -> Path:
    folder = builds.cache_folder() / "images"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@contextmanager
def _alone() -> Iterator[None]:
    """One build at a time; buildah's store leaves a mount on itself, which goes when it is done."""
    with alone(_folder() / "lock"):
        try:
            yield
        finally:
            mounts.remove((_folder() / "store",))


def _buildah(*words: str | Path) -> str:
    store = ("--root", _folder() / "store", "--runroot", _folder() / "run")
    return run(["buildah", *store, "--storage-driver", "overlay", *words]).strip()


def _ensure_base() -> None:
    if BASE in _stored():
        return
    tree = _folder() / "base.tar"
    with step(f"making the base image (Debian {SUITE} with Python)"):
        slim = [f"--dpkgopt=path-exclude=/usr/share/{name}/*" for name in UNUSED]
        options = ("--quiet", "--variant=essential", f"--include={INCLUDED}", *slim)
        run(["mmdebstrap", *options, SUITE, tree])
        container = _buildah("from", "scratch")
        _buildah("add", "--quiet", container, tree, "/")
        _buildah("commit", "--quiet", "--rm", container, BASE)
        tree.unlink()


def _build(image: Image, reference: str) -> None:
    secrets = pipsettings.prepare(_folder())
    options = ("--quiet", "--layers", "--isolation", "chroot", "--build-arg", f"BASE={BASE}")
    _buildah("bud", *options, *secrets.arguments(), "--tag", reference, image.folder)


def _export(reference: str, path: Path) -> None:
    """As a Docker archive, whose layers are not compressed: the node is on the same machine."""
    draft = path.with_suffix(".draft")
    draft.unlink(missing_ok=True)
    _buildah("push", "--quiet", reference, f"docker-archive:{draft}:{reference}")
    draft.rename(path)


def _forget_old(image: Image) -> None:
    """Keep the last few: other checkouts of this machine use the same cache."""
    archives = sorted(_folder().glob(f"{image.name}-*.tar"), key=lambda path: path.stat().st_mtime)
    for path in archives[:-KEPT_ARCHIVES]:
        path.unlink()
        tag = path.stem.removeprefix(f"{image.name}-")
        _forget(f"localhost/slipway-{image.name}:{tag}")


def _forget(reference: str) -> None:
    store = ("--root", str(_folder() / "store"), "--runroot", str(_folder() / "run"))
    succeeds(["buildah", *store, "--storage-driver", "overlay", "rmi", reference])


def _stored() -> list[str]:
    listed = json.loads(_buildah("images", "--json") or "[]") or []
    return [name for image in listed for name in image.get("names") or []]
