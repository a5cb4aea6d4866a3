"""Users in the cluster: a pod that runs load.py, and what it tells second by second.

It starts, follows and ends that pod; what the numbers look like on a screen is decided elsewhere.
"""

import json
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from deploy.demo.kubectl import DemoError, Kubectl

NAME = "users"
SCRIPT = Path(__file__).with_name("load.py")
PYTHON = "/opt/slipway/bin/python"
LONGEST_SECONDS = 600
PATIENCE_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Second:
    """What the users met within one second."""

    ok: int
    failed: int
    by_version: dict[str, int]
    p50_ms: float | None
    p99_ms: float | None

    @classmethod
    def from_line(cls, line: dict[str, Any]) -> "Second":
        """Read one line of load.py."""
        return cls(**{name: line[name] for name in cls.__slots__})


@dataclass
class Users:
    """Users at work; a thread reads what they tell."""

    kubectl: Kubectl
    seconds: list[Second] = field(default_factory=list)
    summary: dict[str, Any] | None = None

    def arrive(self, process: "subprocess.Popen[str]") -> None:
        """Begin to read what they tell, and wait until they have sent requests for a second."""
        threading.Thread(target=self.read, args=(process.stdout,), daemon=True).start()
        _wait_until(lambda: bool(self.seconds), "the users never sent a request")

    def go_home(self) -> dict[str, Any]:
        """End the run, and return the count of all of it."""
        end = "import os, signal; os.kill(1, signal.SIGTERM)"
        self.kubectl("exec", NAME, "--", PYTHON, "-c", end)
        _wait_until(lambda: self.summary is not None, "the users gave no summary")
        return self.summary or {}

    def read(self, lines: Iterator[str]) -> None:
        """Take in what load.py writes."""
        for text in lines:
            line = json.loads(text) if text.startswith("{") else {}
            if line.get("summary"):
                self.summary = line
            elif line:
                self.seconds.append(Second.from_line(line))


@contextmanager
def users_at_work(
    kubectl: Kubectl, image: str, url: str, payload: str, rate: int
) -> Iterator[Users]:
    """Users for as long as the block lasts; none are left behind, whatever happens."""
    remove(kubectl)
    try:
        kubectl.apply(_script(), _pod(image, url, payload, rate))
        kubectl("wait", "--for=condition=Ready", f"pod/{NAME}", f"--timeout={PATIENCE_SECONDS}s")
        with kubectl.started("logs", "--follow", NAME) as following:
            users = Users(kubectl)
            users.arrive(following)
            yield users
    finally:
        remove(kubectl)


def _wait_until(is_so: Callable[[], bool], otherwise: str) -> None:
    began = time.monotonic()
    while not is_so():
        if time.monotonic() - began > PATIENCE_SECONDS:
            raise DemoError(otherwise)
        time.sleep(0.1)


def remove(kubectl: Kubectl) -> None:
    """Remove the pod and its script."""
    kubectl("delete", "pod,configmap", NAME, "--ignore-not-found", "--grace-period", "1")


def _script() -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": NAME},
        "data": {SCRIPT.name: SCRIPT.read_text(encoding="utf-8")},
    }


def _pod(image: str, url: str, payload: str, rate: int) -> dict[str, Any]:
    what = ("--url", url, "--payload", payload)
    how = ("--rate", str(rate), "--duration", str(LONGEST_SECONDS))
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": NAME},
        "spec": {
            "restartPolicy": "Never",
            "activeDeadlineSeconds": LONGEST_SECONDS + PATIENCE_SECONDS,
            "automountServiceAccountToken": False,
            "enableServiceLinks": False,
            "securityContext": {
                "runAsNonRoot": True,
                "runAsUser": 65532,
                "runAsGroup": 65532,
                "seccompProfile": {"type": "RuntimeDefault"},
            },
            "containers": [_container(image, [*what, *how])],
            "volumes": [{"name": "script", "configMap": {"name": NAME}}],
        },
    }


def _container(image: str, arguments: Sequence[str]) -> dict[str, Any]:
    return {
        "name": NAME,
        "image": image,
        "command": [PYTHON, f"/script/{SCRIPT.name}", *arguments],
        "resources": {
            "requests": {"cpu": "100m", "memory": "64Mi"},
            "limits": {"memory": "256Mi"},
        },
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": [{"name": "script", "mountPath": "/script", "readOnly": True}],
    }
