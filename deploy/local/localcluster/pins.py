"""What is built from source, and from which version: the go.mod files under modules/ are the truth.

Pure but for reading those files. Must not build anything.
"""

import hashlib
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

MODULES = Path(__file__).resolve().parent.parent / "modules"
KUBERNETES_COMMANDS = (
    "kube-apiserver",
    "kube-controller-manager",
    "kube-proxy",
    "kube-scheduler",
    "kubelet",
)
CNI_PLUGINS = ("ipam/host-local", "main/loopback", "main/ptp", "meta/portmap")


@dataclass(frozen=True, slots=True)
class Build:
    """Programs built together from one pinned Go module, and a folder of it that they read."""

    name: str
    module: str
    packages: tuple[str, ...]
    folder: str = ""
    tags: str = ""
    cgo: bool = False
    stamp: str = ""
    asset: str = ""

    @property
    def source(self) -> Path:
        """The folder with the go.mod that pins the module."""
        return MODULES / (self.folder or self.name)


def _kubernetes(name: str, *commands: str) -> Build:
    return Build(
        name,
        "k8s.io/kubernetes",
        tuple(f"k8s.io/kubernetes/cmd/{command}" for command in commands),
        folder="kubernetes",
        stamp="k8s.io/component-base/version",
    )


BUILDS = {
    build.name: build
    for build in (
        _kubernetes("kubernetes", *KUBERNETES_COMMANDS),
        _kubernetes("kubectl", "kubectl"),
        Build("etcd", "go.etcd.io/etcd/server/v3", ("go.etcd.io/etcd/server/v3",)),
        Build(
            "containerd",
            "github.com/containerd/containerd/v2",
            tuple(
                f"github.com/containerd/containerd/v2/cmd/{command}"
                for command in ("containerd", "containerd-shim-runc-v2", "ctr")
            ),
        ),
        # Without libseccomp runc refuses a pod's `seccompProfile: RuntimeDefault`.
        Build(
            "runc",
            "github.com/opencontainers/runc",
            ("github.com/opencontainers/runc",),
            tags="seccomp",
            cgo=True,
        ),
        Build(
            "cni",
            "github.com/containernetworking/plugins",
            tuple(f"github.com/containernetworking/plugins/plugins/{path}" for path in CNI_PLUGINS),
        ),
        Build("coredns", "github.com/coredns/coredns", (".",)),
        Build(
            "metrics-server",
            "sigs.k8s.io/metrics-server",
            ("sigs.k8s.io/metrics-server/cmd/metrics-server",),
        ),
        Build("pause", "slipway.local/pause", (".",)),
        Build(
            "kwok",
            "sigs.k8s.io/kwok",
            ("sigs.k8s.io/kwok/cmd/kwok",),
            asset="kustomize/stage",
        ),
        Build(
            "versitygw",
            "github.com/versity/versitygw",
            ("github.com/versity/versitygw/cmd/versitygw",),
        ),
        Build("kind", "sigs.k8s.io/kind", ("sigs.k8s.io/kind",)),
    )
}


def required_version(go_mod: str, module: str) -> str:
    """The version that a go.mod requires of a module; v0 for the module that the file itself is."""
    if re.search(rf"^module {re.escape(module)}$", go_mod, re.MULTILINE):
        return "v0"
    found = re.search(rf"^(?:require|\t) ?{re.escape(module)} (v\S+)", go_mod, re.MULTILINE)
    if not found:
        raise ValueError(f"go.mod does not require {module}")
    return found.group(1)


@cache
def version(name: str) -> str:
    """The pinned version of a build."""
    build = BUILDS[name]
    return required_version((build.source / "go.mod").read_text(), build.module)


@cache
def version_key(name: str) -> str:
    """The name of a build's folder in the cache: it changes with anything that goes into it."""
    build = BUILDS[name]
    how = (build.packages, build.tags, build.cgo, build.asset, linker_flags(name))
    digest = hashlib.sha256(repr(how).encode())
    for path in sorted(build.source.iterdir()):
        if path.suffix in {".go", ".mod", ".sum"}:
            digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return f"{name}-{version(name)}-{digest.hexdigest()[:8]}"


def linker_flags(name: str) -> str:
    """What the linker stamps: Kubernetes reads its own version from there."""
    stamp = BUILDS[name].stamp
    if not stamp:
        return "-s -w"
    major, minor, _ = version(name).removeprefix("v").split(".", 2)
    facts = {"gitVersion": version(name), "gitMajor": major, "gitMinor": minor}
    return " ".join(["-s -w", *(f"-X {stamp}.{key}={value}" for key, value in facts.items())])
