"""A server under measurement: one process group on one core, paused while others are measured.

Always ended by its own id, whatever happens in between.
"""

import http.client
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

_PATIENCE = 60
_POLL_SECONDS = 0.005
_TICKS = os.sysconf("SC_CLK_TCK")


class ServerError(Exception):
    """A server that does not start, or does not answer; the message is for the table."""


@dataclass(frozen=True, slots=True)
class Process:
    """A running server."""

    pid: int
    port: int
    grpc_port: int
    seconds_to_ready: float

    def pause(self) -> None:
        """Take the core away from it."""
        os.killpg(self.pid, signal.SIGSTOP)

    def resume(self) -> None:
        """Give the core back."""
        os.killpg(self.pid, signal.SIGCONT)

    def memory(self) -> float:
        """Sum what all of its processes hold in memory, in MiB."""
        return sum(map(_resident, self._members()))

    def cpu_seconds(self) -> float:
        """Sum the processor time that all of its processes have used."""
        return sum(map(_cpu, self._members()))

    def _members(self) -> list[int]:
        processes = [int(path.name) for path in Path("/proc").glob("[0-9]*")]
        return [process for process in processes if _group(process) == self.pid]


@contextmanager
def running(
    command: list[str], ready: str, core: int, log: Path, env: Mapping[str, str]
) -> Iterator[Process]:
    """Start a server and wait until it is ready; it is gone afterwards.

    `{port}` and `{grpc_port}` in the command become two free ports.
    """
    port, grpc_port = _free_port(), _free_port()
    words = [
        word.replace("{port}", str(port)).replace("{grpc_port}", str(grpc_port)) for word in command
    ]
    began = time.monotonic()
    with log.open("wb") as output:
        process = subprocess.Popen(
            ["taskset", "--cpu-list", str(core), *words],
            stdout=output,
            stderr=output,
            env=dict(env),
            start_new_session=True,
        )
    try:
        _wait_until_ready(process, port, ready, log)
        yield Process(process.pid, port, grpc_port, time.monotonic() - began)
    finally:
        _end(process)


def _end(process: "subprocess.Popen[bytes]") -> None:
    for number in (signal.SIGCONT, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, number)
    process.wait()


def _wait_until_ready(process: "subprocess.Popen[bytes]", port: int, path: str, log: Path) -> None:
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise ServerError(f"it ended with {process.returncode}: {_last_line(log)}")
        if _answers(port, path):
            return
        time.sleep(_POLL_SECONDS)
    raise ServerError(f"not ready after {_PATIENCE} s: {_last_line(log)}")


def _answers(port: int, path: str) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _last_line(log: Path) -> str:
    lines = log.read_text(errors="replace").strip().splitlines()
    return lines[-1] if lines else "it said nothing"


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def _group(process: int) -> int | None:
    with suppress(ProcessLookupError):
        return os.getpgid(process)
    return None


def _resident(process: int) -> float:
    with suppress(OSError):
        pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 2**20
    return 0.0


def _cpu(process: int) -> float:
    with suppress(OSError):
        # The name in brackets may hold anything; the numbers follow its last bracket.
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS
    return 0.0
