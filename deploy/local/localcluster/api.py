"""The few questions we ask the node's servers directly, from the host, as the administrator.

Must not change anything in the cluster.
"""

import json
import socket
import ssl
import urllib.error
import urllib.request
from typing import Any

from localcluster import pki
from localcluster.instance import Instance

TIMEOUT_S = 2.0


class Client:
    """Asks the servers of one instance; "no answer" is an answer."""

    def __init__(self, instance: Instance) -> None:
        certificates = pki.folder(instance)
        self._instance = instance
        self._tls = ssl.create_default_context(cafile=str(certificates / "ca.crt"))
        self._tls.load_cert_chain(certificates / "admin.crt", certificates / "admin.key")
        self._tls.minimum_version = ssl.TLSVersion.TLSv1_2
        # Not through a proxy that the environment may name: the node is on this machine.
        self._opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=self._tls)
        )

    def healthy(self, address: str) -> bool:
        """Whether a server answers well: an http(s) address, or `unix:` and a socket's path."""
        if address.startswith("unix:"):
            return _accepts(address.removeprefix("unix:"))
        return self._body(address) is not None

    def get(self, path: str) -> dict[str, Any] | None:
        """An object of the Kubernetes API, or None when it is not there or nobody answers."""
        body = self._body(self._instance.api + path)
        return None if body is None else json.loads(body)

    def _body(self, url: str) -> bytes | None:
        try:
            with self._opener.open(url, timeout=TIMEOUT_S) as answer:
                return bytes(answer.read())
        except (OSError, urllib.error.URLError, ValueError):
            return None


def _accepts(path: str) -> bool:
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(TIMEOUT_S)
        try:
            client.connect(path)
        except OSError:
            return False
        return True
