"""The cluster's certificates: one authority, one serving certificate, one client each component.

Made once an instance, complete or not at all. Must not start anything.
"""

import shutil
from dataclasses import dataclass
from pathlib import Path

from localcluster.commands import run
from localcluster.instance import Instance

DAYS = "3650"
NEW_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")


@dataclass(frozen=True, slots=True)
class Client:
    """A name that the API server knows a component by."""

    file: str
    subject: str


CLIENTS = (
    Client("admin", "/O=system:masters/CN=admin"),
    Client("kube-controller-manager", "/CN=system:kube-controller-manager"),
    Client("kube-scheduler", "/CN=system:kube-scheduler"),
    Client("kube-proxy", "/CN=system:kube-proxy"),
    Client("coredns", "/CN=coredns"),
    Client("metrics-server", "/CN=metrics-server"),
    Client("kwok", "/O=system:masters/CN=kwok"),
    Client("front-proxy", "/CN=front-proxy"),
)


def folder(instance: Instance) -> Path:
    """Where the certificates lie."""
    return instance.state / "pki"


def ensure(instance: Instance) -> None:
    """Make all certificates unless they are there."""
    if folder(instance).is_dir():
        return
    draft = folder(instance).with_suffix(".draft")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(mode=0o700, parents=True)
    _authority(draft)
    _signed(draft, "node", "/CN=slipway-node", serving_names(instance))
    kubelet = Client("kubelet", f"/O=system:nodes/CN=system:node:{instance.node}")
    for client in (*CLIENTS, kubelet):
        _signed(draft, client.file, client.subject, f"DNS:{client.file}")
    _service_account_key(draft)
    draft.rename(folder(instance))


def serving_names(instance: Instance) -> str:
    """Every name under which a client reaches a server of this node."""
    addresses = (instance.api_service_address, instance.node_address, "127.0.0.1")
    service = "kubernetes.default.svc"
    names = ("localhost", instance.node, "kubernetes", "kubernetes.default", service)
    dns = (*names, f"{service}.cluster.local", "metrics-server.kube-system.svc")
    return ",".join([*(f"IP:{a}" for a in addresses), *(f"DNS:{n}" for n in dns)])


def _authority(into: Path) -> None:
    run(
        [
            *("openssl", "req", "-x509", *NEW_KEY, "-days", DAYS, "-subj", "/CN=slipway-local"),
            # Python verifies strictly from 3.13 on: an authority must say that it may sign.
            *("-addext", "keyUsage=critical,keyCertSign,cRLSign"),
            *("-keyout", into / "ca.key", "-out", into / "ca.crt"),
        ]
    )


def _signed(into: Path, file: str, subject: str, names: str) -> None:
    run(
        [
            *("openssl", "req", "-x509", *NEW_KEY, "-days", DAYS, "-subj", subject),
            *("-CA", into / "ca.crt", "-CAkey", into / "ca.key"),
            *("-addext", f"subjectAltName={names}"),
            *("-addext", "basicConstraints=critical,CA:FALSE"),
            *("-addext", "extendedKeyUsage=serverAuth,clientAuth"),
            *("-keyout", into / f"{file}.key", "-out", into / f"{file}.crt"),
        ]
    )


def _service_account_key(into: Path) -> None:
    run(["openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", into / "sa.key"])
    run(["openssl", "ec", "-in", into / "sa.key", "-pubout", "-out", into / "sa.pub"])
