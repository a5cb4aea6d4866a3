"""The operator as processes of this machine, which can be stopped, continued and killed."""

import os
import re
import signal
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from pathlib import Path

from slipway_testing.cluster import ROOT, Cluster

_FIRST_PORT = 18081


class Replica:
    """One replica of the operator, with the rights of the kubeconfig, for one namespace."""

    def __init__(self, cluster: Cluster, namespace: str, number: int = 0) -> None:
        self.name = f"replica-{number}"
        self._port = _FIRST_PORT + number
        self._log = Path(tempfile.mkdtemp(prefix="slipway-operator-")) / "log"
        environment = {
            **os.environ,
            "KUBECONFIG": str(cluster.kubeconfig),
            "PYTHONPATH": str(ROOT / "operator" / "src"),
            "SLIPWAY_NAMESPACE": namespace,
            "SLIPWAY_WATCH_NAMESPACES": namespace,
            "SLIPWAY_POD_NAME": self.name,
            "SLIPWAY_PORT": str(self._port),
            "SLIPWAY_RUNTIME_IMAGE": "localhost/never-pulled:1",
        }
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "slipway_operator"], env=environment, stdout=log, stderr=log
            )

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal."""
        self._process.send_signal(number)

    def kill(self) -> None:
        """SIGKILL: not one more instruction."""
        self._process.kill()
        self._process.wait()

    def ends(self, *, within: float) -> int:
        """Wait for its end; its exit code."""
        return self._process.wait(within)

    @property
    def log(self) -> str:
        """Everything it has written."""
        return self._log.read_text()

    @property
    def memory_megabytes(self) -> float:
        """What it occupies."""
        return self.metric("process_resident_memory_bytes") / 1e6

    @property
    def writes(self) -> float:
        """How many writes it has made, its Lease aside."""
        return self.metric("slipway_operator_writes_total")

    @property
    def leads(self) -> bool:
        """Whether it thinks that it may write."""
        return self.metric("slipway_operator_leader") == 1

    def metric(self, name: str) -> float:
        """The sum of a metric over its labels."""
        page = self.asks("metrics")[1]
        found = re.findall(rf"^{name}(?:{{.*}})? (\S+)$", page, re.MULTILINE)
        return sum(float(value) for value in found)

    def asks(self, path: str) -> tuple[int, str]:
        """GET one of its pages; status and text."""
        try:
            with urllib.request.urlopen(
                f"http://127.0.0.1:{self._port}/{path}", timeout=5
            ) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as refused:
            return refused.code, refused.read().decode()
        except OSError as error:
            raise AssertionError(f"{self.name} does not answer: {error}") from error
