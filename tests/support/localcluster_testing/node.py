"""A cluster instance under test, driven by its command line and seen through kubectl."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any, TypeVar

from localcluster import checkout, components, processes
from localcluster.instance import Instance


class Node:
    """One instance of the native cluster."""

    def __init__(self, instance: Instance) -> None:
        self.instance = instance

    def begin(self, *words: str) -> subprocess.Popen[str]:
        """Start a command of `python -m localcluster` on this instance."""
        command = [sys.executable, "-m", "localcluster", "--instance", self.instance.name, *words]
        return subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=checkout.ROOT,
            env={**os.environ, "CLUSTER": "native", "PYTHONPATH": "deploy/local"},
        )

    def tell(self, *words: str) -> str:
        """Run a command to its good end."""
        process = self.begin(*words)
        output, _ = process.communicate(timeout=240)
        assert process.returncode == 0, output
        return output

    def status(self) -> dict[str, Any]:
        """What the command line says about the instance, healthy or not."""
        output, _ = self.begin("status", "--json").communicate(timeout=60)
        facts: dict[str, Any] = json.loads(output[: output.rindex("}") + 1])
        return facts

    def pids(self) -> dict[str, int]:
        """The component's processes by name."""
        found = {c.name: processes.alive(self.instance, c) for c in self._components()}
        assert all(len(pids) == 1 for pids in found.values()), found
        return {name: pids[0] for name, pids in found.items()}

    def send(self, number: signal.Signals, *names: str) -> None:
        """Send a signal to components."""
        pids = self.pids()
        for name in names or pids:
            os.kill(pids[name], number)

    def kubectl(self, *words: str, stdin: str | None = None) -> str:
        """Run kubectl to its good end."""
        done = self.ask(*words, stdin=stdin)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def ask(self, *words: str, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
        """Run kubectl; it may be refused."""
        kubectl = checkout.LOCAL / "bin" / "kubectl"
        kubeconfig = checkout.kubeconfig(self.instance.name)
        return subprocess.run(
            [str(kubectl), f"--kubeconfig={kubeconfig}", *words],
            input=stdin,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def apply(self, *objects: dict[str, Any]) -> None:
        """Apply objects."""
        self.kubectl("apply", "-f", "-", stdin="\n---\n".join(json.dumps(o) for o in objects))

    def run_pod(self, pod: dict[str, Any]) -> dict[str, Any]:
        """Run a pod to its end and return it as it ended."""
        self.apply(pod)
        name = pod["metadata"]["name"]
        return eventually(lambda: self._ended(name), 60)

    def _ended(self, name: str) -> dict[str, Any] | None:
        pod: dict[str, Any] = json.loads(self.kubectl("get", "pod", name, "-o", "json"))
        return pod if pod["status"].get("phase") in {"Succeeded", "Failed"} else None

    def _components(self) -> tuple[components.Component, ...]:
        return components.every(self.instance)


T = TypeVar("T")


def eventually(look: Callable[[], T | None], seconds: float) -> T:
    """What a look shows once it shows something."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if seen := look():
            return seen
        time.sleep(0.2)
    raise AssertionError(f"nothing seen within {seconds} s")
