"""The cluster, by kubectl alone: whatever a person could type, on any cluster.

It starts processes and reads what they print; it knows nothing of models and prints nothing.
"""

import json
import os
import re
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
LOCAL = ROOT / ".local"


class DemoError(Exception):
    """Something is not as it must be; the text says what, and what to do."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a service answered: the body, and the headers in lower case."""

    body: Any
    headers: dict[str, str]


@dataclass(frozen=True, slots=True)
class Kubectl:
    """kubectl in one namespace."""

    namespace: str

    def __call__(self, *arguments: str, stdin: str | None = None, timeout: float = 120) -> str:
        """Run a command to its end and return what it printed."""
        command = self._command(arguments)
        try:
            done = subprocess.run(
                command, input=stdin, env=environment(), text=True, capture_output=True,
                check=False, timeout=timeout,
            )  # fmt: skip
        except FileNotFoundError:
            raise DemoError("kubectl is not on the PATH; `make cluster-up` brings one") from None
        except subprocess.TimeoutExpired:
            raise DemoError(f"`{as_typed(command)}` took over {timeout:.0f} s") from None
        if done.returncode:
            raise DemoError(f"`{as_typed(command)}` failed: {done.stderr.strip()}")
        return done.stdout

    def get(self, *what: str) -> Any:
        """Objects as kubectl reads them."""
        return json.loads(self("get", *what, "--output", "json"))

    def apply(self, *objects: dict[str, Any]) -> None:
        """Apply objects made here."""
        listed = {"apiVersion": "v1", "kind": "List", "items": objects}
        self("apply", "--filename", "-", stdin=json.dumps(listed))

    @contextmanager
    def started(self, *arguments: str) -> Iterator["subprocess.Popen[str]"]:
        """A command that goes on while the block lasts; its output is read line by line."""
        process = subprocess.Popen(
            self._command(arguments), env=environment(), text=True,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        try:
            yield process
        finally:
            process.terminate()
            process.wait()

    def post(self, service: str, path: str, body: bytes) -> Answer:
        """POST JSON to a service, over a port that is forwarded for just that long."""
        with self._forwarded(f"service/{service}") as port:
            request = urllib.request.Request(
                f"http://127.0.0.1:{port}{path}", body, {"content-type": "application/json"}
            )
            with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
                headers = {name.lower(): value for name, value in answer.headers.items()}
                return Answer(json.load(answer), headers)

    @contextmanager
    def _forwarded(self, target: str) -> Iterator[int]:
        with self.started("port-forward", target, ":80") as process:
            first = next(iter(process.stdout or ()), "")
            found = re.search(r"127\.0\.0\.1:(\d+)", first)
            if found is None:
                raise DemoError(f"no port could be forwarded to {target}")
            yield int(found[1])

    def _command(self, arguments: tuple[str, ...]) -> list[str]:
        return ["kubectl", "--namespace", self.namespace, *arguments]


def as_typed(command: list[str]) -> str:
    """A command as a person would type it."""
    return " ".join(command).replace("--namespace", "-n").replace("--filename", "-f")


def environment() -> dict[str, str]:
    """The caller's, and behind it the kubectl and the cluster that `make cluster-up` made."""
    path = f"{os.environ.get('PATH', os.defpath)}{os.pathsep}{LOCAL / 'bin'}"
    local = {"KUBECONFIG": str(LOCAL / "kubeconfig")} if (LOCAL / "kubeconfig").exists() else {}
    return {**local, **os.environ, "PATH": path}
