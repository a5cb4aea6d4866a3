"""A Debian root with PyTorch and the runtime's packages, to run the TorchScript engine in.

No wheel of PyTorch without CUDA is on the ordinary index for this kind of machine; Debian has one.
Made once, in the cache; made of nothing but Debian's packages and the runtime's own pinned ones.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from localcluster import builds, packages
from localcluster.commands import run
from localcluster.locks import alone
from localcluster.progress import step
from runtime_testing.serving import ROOT

SUITE: Final = "trixie"
PYTHON: Final = "3.13"
INCLUDED: Final = "python3-torch,ca-certificates"
# Torch runs without these; and nobody needs compiled Python for a few starts.
UNUSED: Final = (
    "/usr/bin/py3compile",
    "/usr/lib/libtorch-test/*",
    "/usr/lib/x86_64-linux-gnu/libLLVM*",
    "/usr/lib/x86_64-linux-gnu/libamd*",
    "/usr/lib/x86_64-linux-gnu/libhsa*",
    "/usr/share/doc/*",
    "/usr/share/locale/*",
    "/usr/share/man/*",
)
IMPORTED: Final = ("torch", "slipway_runtime.lifecycle.loading", "slipway_runtime.server.pages")
REQUIREMENTS: Final = ROOT / "runtime" / "requirements.txt"
SOURCE: Final = ROOT / "runtime" / "src"
_INSIDE: Final = {
    "HOME": "/root",
    "PYTHONPATH": "/slipway/src:/slipway/packages",
    "PYTHONPYCACHEPREFIX": "/slipway/compiled",  # not in this checkout
}
_ENTER: Final = (
    'mount --bind "$1" "$0/slipway/src" && mount --bind "$2" "$0$2" '
    '&& mount -t proc proc "$0/proc" && root=$0 && shift 2 '
    '&& exec chroot "$root" /usr/bin/python3 "$@"'
)
"""Mounts of the process's own: they are gone when it is."""


@dataclass(frozen=True)
class TorchRoot:
    """The root, and a folder that its processes see under the same name."""

    path: Path
    shared: Path

    def command(self, *arguments: str) -> list[str]:
        """The runtime's command line in there."""
        return self.python("-m", "slipway_runtime", *arguments)

    def python(self, *arguments: str) -> list[str]:
        """Python in there, as the very process that is started."""
        where = (str(self.path), str(SOURCE), str(self.shared))
        inside = [f"{name}={value}" for name, value in _INSIDE.items()]
        mounts = ("unshare", "--mount", "--propagation", "private")
        return ["env", *inside, *mounts, "sh", "-c", _ENTER, *where, *arguments]

    def run(self, program: str) -> str:
        """Run a program in there to its end."""
        done = subprocess.run(
            self.python("-c", program), capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


def missing() -> str | None:
    """Say why there can be no such root here."""
    if sys.platform != "linux" or os.uname().machine != "x86_64":
        return "PyTorch's test root is made for x86-64"
    if os.geteuid() != 0:
        return "PyTorch's test root is made and entered by root: run the tests as root"
    if not shutil.which("apt-get"):
        return "PyTorch's test root is made with Debian's tools, and this is no Debian"
    return None


@contextmanager
def torch_root(shared: Path) -> Iterator[TorchRoot]:
    """Give the root, made if the cache has none for these packages."""
    path = builds.cache_folder() / f"torch-{_key()}"
    with alone(builds.cache_folder() / "torch.lock"):
        if not path.exists():
            _make(path)
    # Where the shared folder will be mounted; an empty folder may stay.
    (path / shared.relative_to("/")).mkdir(parents=True, exist_ok=True)
    root = TorchRoot(path, shared)
    if not (path / "slipway" / "compiled").exists():
        with step("compiling what a server imports"):
            root.run(f"import {', '.join(IMPORTED)}")
    yield root


def _key() -> str:
    parts = (SUITE, PYTHON, INCLUDED, *UNUSED, REQUIREMENTS.read_text())
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:12]


def _make(path: Path) -> None:
    for old in path.parent.glob("torch-*"):
        shutil.rmtree(old)
    packages.install(packages.missing_for_images())
    draft = path.with_name(path.name + ".draft")
    excluded = [f"--dpkgopt=path-exclude={name}" for name in UNUSED]
    with step(f"unpacking Debian {SUITE}'s PyTorch (once, into the cache)"):
        include = f"--include={INCLUDED}"
        run(["mmdebstrap", "--quiet", "--variant=essential", include, *excluded, SUITE, draft])
    with step("adding the runtime's packages"):
        (draft / "slipway" / "src").mkdir(parents=True)
        run([*_uv(), "--target", draft / "slipway" / "packages", "-r", REQUIREMENTS])
    draft.rename(path)


def _uv() -> list[str]:
    program = str(Path(sys.executable).with_name("uv"))
    target = ("--python-version", PYTHON, "--python-platform", "x86_64-manylinux_2_40")
    pinned = ("--only-binary", ":all:", "--require-hashes")
    return [program, "pip", "install", "--quiet", *pinned, *target]
