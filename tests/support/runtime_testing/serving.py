"""The real server: a process of its own, on a real socket."""

import os
import re
import signal
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from prometheus_client.parser import text_string_to_metric_families

ROOT = Path(__file__).parents[3]
PROMPT = 20.0
"""Seconds after which something that takes one second has failed, on a machine that is busy."""


@dataclass(frozen=True)
class Server:
    """A running `slipway-runtime serve`."""

    process: subprocess.Popen[bytes]
    port: int
    log: Path
    tls: ssl.SSLContext | None = None
    """How its clients speak TLS, where it does."""

    @property
    def url(self) -> str:
        return f"https://localhost:{self.port}" if self.tls else f"http://127.0.0.1:{self.port}"

    @property
    def _verify(self) -> ssl.SSLContext | bool:
        return self.tls or True

    @property
    def grpc_port(self) -> int:
        """Where it answers gRPC, if it was told to."""
        said = re.search(r"gRPC on port (\d+)", self.log.read_text())
        assert said is not None, self.log.read_text()
        return int(said[1])

    def get(self, path: str, **options: Any) -> httpx.Response:
        return httpx.get(self.url + path, timeout=PROMPT, verify=self._verify, **options)

    def post(self, path: str, json: Any = None, **options: Any) -> httpx.Response:
        return httpx.post(
            self.url + path, json=json, timeout=PROMPT, verify=self._verify, **options
        )

    def metric(self, name: str, **labels: str) -> float:
        """Read a sample, or the sum of all that have these labels."""
        families = text_string_to_metric_families(self.get("/metrics").text)
        return sum(
            sample.value
            for family in families
            for sample in family.samples
            if sample.name == name and labels.items() <= sample.labels.items()
        )

    def tell(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def wait_until_ready(self, patience: float = PROMPT) -> "Server":
        until(lambda: self.get("/v2/health/ready").status_code == 200, "ready", self, patience)
        return self

    def code(self) -> int:
        """Wait for the end of the process."""
        return self.process.wait(timeout=90)


def until(
    condition: Any, what: str, server: Server | None = None, patience: float = PROMPT
) -> None:
    """Wait until the condition holds."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        with suppress(httpx.TransportError):
            if condition():
                return
        if server is not None and server.process.poll() is not None:
            break
        time.sleep(0.01)
    raise AssertionError(f"not {what}; {server.log.read_text() if server else ''}")


def command(*arguments: str) -> list[str]:
    """The runtime's command line."""
    return [sys.executable, "-m", "slipway_runtime", *arguments]


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """An environment in which the command is found, and nothing else of this one leaks in."""
    source = str(ROOT / "runtime" / "src")
    return {"PATH": os.environ["PATH"], "PYTHONPATH": source, **(extra or {})}


@contextmanager
def serving(
    model: Path,
    *options: str,
    env: Mapping[str, str] | None = None,
    wait: bool = True,
    tls: ssl.SSLContext | None = None,
    program: Callable[..., list[str]] | None = None,
) -> Iterator[Server]:
    """Serve a model; the process is gone afterwards."""
    log = model.with_suffix(".log")
    with log.open("wb") as output:
        process = subprocess.Popen(
            (program or command)("serve", str(model), "--port", "0", *options),
            env=environment(env),
            stderr=output,
            stdout=output,
        )
    try:
        server = Server(process, _port(process, log), log, tls)
        yield server.wait_until_ready() if wait else server
    finally:
        process.kill()
        process.wait()


def _port(process: subprocess.Popen[bytes], log: Path) -> int:
    deadline = time.monotonic() + PROMPT
    while time.monotonic() < deadline:
        if match := re.search(r"listening on port (\d+)", log.read_text()):
            return int(match[1])
        if process.poll() is not None:
            break
        time.sleep(0.005)
    raise AssertionError(f"it does not listen: {log.read_text()}")


def infer(**tensors: Any) -> dict[str, Any]:
    """A request of the protocol: name=(datatype, shape, flat data)."""
    return {
        "inputs": [
            {"name": name, "datatype": datatype, "shape": shape, "data": data}
            for name, (datatype, shape, data) in tensors.items()
        ]
    }
