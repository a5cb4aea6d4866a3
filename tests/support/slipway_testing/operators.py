"""Operators under the tests' control: the ones in the cluster, and one as a plain process.

A plain process can be ended with SIGKILL at any instant, which a pod cannot.
"""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from slipway_testing.cluster import ROOT, Cluster, Obj
from slipway_testing.store import image
from slipway_testing.waiting import becomes, eventually

NAMESPACE = "slipway-system"
NAME = "slipway-operator"
SELECTOR = "app.kubernetes.io/name=slipway-operator"


def leader(cluster: Cluster) -> str:
    """Who holds the Lease."""
    lease = cluster.get("Lease", NAMESPACE, NAME)
    assert lease is not None, "no operator has ever led here"
    holder: str = lease["spec"].get("holderIdentity") or ""
    return holder


def operator_pods(cluster: Cluster) -> list[Obj]:
    """The operator's pods that are not on their way out."""
    pods = cluster.list("Pod", NAMESPACE, SELECTOR)
    return [pod for pod in pods if "deletionTimestamp" not in pod["metadata"]]


@contextmanager
def no_operator(cluster: Cluster) -> Iterator[None]:
    """Nobody reconciles in this block."""
    _scale(cluster, 0)
    becomes(lambda: cluster.list("Pod", NAMESPACE, SELECTOR), [])
    try:
        yield
    finally:
        _scale(cluster, 2)
        eventually(lambda: _assert_available(cluster, 2))


class OperatorProcess:
    """The operator as a process of this machine, with the rights of the kubeconfig."""

    def __init__(self, cluster: Cluster, namespace: str) -> None:
        self._log = Path(tempfile.mkdtemp(prefix="slipway-operator-")) / "log"
        self._environment = {
            **os.environ,
            "KUBECONFIG": str(cluster.kubeconfig),
            "PYTHONPATH": str(ROOT / "operator" / "src"),
            "SLIPWAY_NAMESPACE": namespace,
            "SLIPWAY_WATCH_NAMESPACES": namespace,
            "SLIPWAY_RUNTIME_IMAGE": image("RUNTIME"),
        }
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> "OperatorProcess":
        """Start it, or start it again."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "slipway_operator"],
                env=self._environment,
                stdout=log,
                stderr=log,
            )
        return self

    def kill(self) -> None:
        """SIGKILL: not one more instruction."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
            self._process = None

    @property
    def log(self) -> str:
        """Everything it has written, over all its lives."""
        return self._log.read_text()


def _scale(cluster: Cluster, replicas: int) -> None:
    cluster.patch("Deployment", NAMESPACE, NAME, {"spec": {"replicas": replicas}})


def _assert_available(cluster: Cluster, replicas: int) -> None:
    deployment = cluster.get("Deployment", NAMESPACE, NAME) or {}
    assert deployment.get("status", {}).get("availableReplicas") == replicas
