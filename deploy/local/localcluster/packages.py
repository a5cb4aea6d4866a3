"""The programs we call that are no part of a bare Debian, and installing them there.

Must not install anything but Debian packages from the sources the machine already has.
"""

import shutil
from collections.abc import Iterable
from pathlib import Path

from localcluster.commands import Failure, run, succeeds
from localcluster.progress import step

NODE = {
    "ip": "iproute2",
    "nft": "nftables",
    "nsenter": "util-linux",
    "umount": "mount",
    "openssl": "openssl",
    "gcc": "gcc",
    "pkg-config": "pkg-config",
}
IMAGES = {"buildah": "buildah", "mmdebstrap": "mmdebstrap"}
C_HEADERS = Path("/usr/include/stdio.h")
APT = ("apt-get", "-qq", "-o", "DPkg::Lock::Timeout=300")


def missing_for_node() -> list[str]:
    """Packages that building and running a node still needs."""
    missing = _missing(NODE)
    if not C_HEADERS.exists():
        missing.append("libc6-dev")
    if not succeeds(["pkg-config", "--exists", "libseccomp"]):
        missing.append("libseccomp-dev")
    return missing


def missing_for_images() -> list[str]:
    """Packages that building images without Docker still needs."""
    return _missing(IMAGES)


def install(packages: list[str]) -> None:
    """Install packages on Debian; elsewhere say which ones are missing."""
    if not packages:
        return
    if not (Path("/etc/debian_version").exists() and shutil.which("apt-get")):
        raise Failure(f"install these first (Debian's names): {' '.join(packages)}")
    with step(f"installing {' '.join(packages)}"):
        if not succeeds(_install(packages)):
            run([*APT, "update"])
            run(_install(packages))


def _missing(programs: dict[str, str]) -> list[str]:
    return [package for program, package in programs.items() if not shutil.which(program)]


def _install(packages: Iterable[str]) -> list[str]:
    quiet = ("env", "DEBIAN_FRONTEND=noninteractive")
    return [*quiet, *APT, "install", "--yes", "--no-install-recommends", *packages]
