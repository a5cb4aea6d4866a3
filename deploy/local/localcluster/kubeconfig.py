"""Kubeconfig files: for the node's components by path, for people with everything inside.

Must not talk to a cluster.
"""

import base64
from pathlib import Path

import yaml

from localcluster import pki
from localcluster.instance import Instance


def for_component(instance: Instance, client: str) -> str:
    """A kubeconfig that names the files of a component's certificate."""
    certificates = pki.folder(instance)
    cluster = {"server": instance.api, "certificate-authority": str(certificates / "ca.crt")}
    user = {
        "client-certificate": str(certificates / f"{client}.crt"),
        "client-key": str(certificates / f"{client}.key"),
    }
    return _config(instance.name, cluster, user)


def for_people(instance: Instance) -> str:
    """An administrator's kubeconfig that needs no other file."""
    cluster = {
        "server": instance.api,
        "certificate-authority-data": _inlined(pki.folder(instance) / "ca.crt"),
    }
    user = {
        "client-certificate-data": _inlined(pki.folder(instance) / "admin.crt"),
        "client-key-data": _inlined(pki.folder(instance) / "admin.key"),
    }
    return _config(instance.name, cluster, user)


def _inlined(path: Path) -> str:
    return base64.b64encode(path.read_bytes()).decode()


def _config(name: str, cluster: dict[str, str], user: dict[str, str]) -> str:
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": name, "cluster": cluster}],
        "users": [{"name": name, "user": user}],
        "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
        "current-context": name,
    }
    return yaml.safe_dump(config, sort_keys=False)
