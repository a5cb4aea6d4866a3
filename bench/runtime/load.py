"""The load: wrk for HTTP and h2load for gRPC, both in C and never the bottleneck.

Each runs on the client's core and answers with a `Run`. Knows bytes, not tensors.
"""

import json
import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.runtime.arithmetic import Run, percentile

_HERE = Path(__file__).parent
_PACKAGES = {"wrk": "wrk", "h2load": "nghttp2-client", "taskset": "util-linux"}
_GRPC = "/inference.GRPCInferenceService/ModelInfer"
_MIXED_SECONDS = 5


@dataclass(frozen=True, slots=True)
class Burst:
    """How hard to ask, for how long, and on which core."""

    connections: int
    seconds: float
    core: int


@dataclass(frozen=True, slots=True)
class Mixed:
    """What came of requests good and bad."""

    answered: int = 0
    refused: int = 0
    failed: int = 0

    @property
    def total(self) -> int:
        """Count what was answered at all."""
        return self.answered + self.refused

    def plus(self, other: "Mixed") -> "Mixed":
        """Add the counts of another run."""
        return Mixed(
            self.answered + other.answered,
            self.refused + other.refused,
            self.failed + other.failed,
        )


def expect_tools() -> None:
    """Say how to get what is missing."""
    missing = [package for tool, package in _PACKAGES.items() if shutil.which(tool) is None]
    if missing:
        raise SystemExit(
            f"bench-runtime needs {' and '.join(missing)}; on Debian and Ubuntu, as root: "
            f"apt-get install {' '.join(missing)}"
        )


def http(port: int, path: str, headers: Mapping[str, str], body: Path, burst: Burst) -> Run:
    """Send one body with wrk."""
    told = [str(body), *(f"{name}: {value}" for name, value in headers.items())]
    seconds = max(1, round(burst.seconds))
    said = json.loads(_wrk("steady.lua", port, path, told, burst.connections, seconds, burst.core))
    return Run(
        rate=said["requests"] / (said["microseconds"] / 1e6),
        p50=said["p50"] / 1e3,
        p99=said["p99"] / 1e3,
        requests=said["requests"],
        errors=said["errors"],
    )


def mixed(port: int, requests: Sequence[Path], count: int, core: int) -> Mixed:
    """Send requests of many kinds with wrk, for a few seconds at a time, until all are answered."""
    found = Mixed()
    while found.total < count and not found.failed:
        told = [str(request) for request in requests]
        said = json.loads(_wrk("mixed.lua", port, "/", told, 16, _MIXED_SECONDS, core))
        if said["answered"] == 0:
            raise RuntimeError("no request was answered")
        found = found.plus(Mixed(**said))
    return found


def grpc(port: int, body: Path, answer_size: int, burst: Burst) -> Run:
    """Send one message with h2load.

    A gRPC error comes with HTTP's 200 and without a message, so answers are counted by their
    bytes; the few that the end of the run cuts short are nobody's error.
    """
    with tempfile.NamedTemporaryFile(mode="r", suffix=".tsv") as log:
        times = ["-t1", "-m1", f"-c{burst.connections}", f"-D{max(1, round(burst.seconds))}"]
        files = ["--data", str(body), "--log-file", log.name]
        headers = ["-H", "content-type: application/grpc", "-H", "te: trailers"]
        url = f"http://127.0.0.1:{port}{_GRPC}"
        said = _run(["h2load", *times, *files, *headers, url], burst.core)
        milliseconds = [int(line.split()[2]) / 1e3 for line in log]
    return read_h2load(said, answer_size, milliseconds)


def read_h2load(said: str, answer_size: int, milliseconds: Sequence[float]) -> Run:
    """Make a run of what h2load prints and logs."""
    rate = re.search(r"^finished in .*, ([\d.]+) req/s", said, re.MULTILINE)
    done = re.search(r"^requests: .*, (\d+) done, .*, (\d+) failed", said, re.MULTILINE)
    data = re.search(r"\((\d+)\) data$", said, re.MULTILINE)
    if rate is None or done is None or data is None:
        raise RuntimeError(f"h2load said something unknown: {said[-300:]}")
    unanswered = max(0, int(done[1]) - int(data[1]) // answer_size)
    return Run(
        rate=float(rate[1]),
        p50=percentile(milliseconds, 0.5) if milliseconds else None,
        p99=percentile(milliseconds, 0.99) if milliseconds else None,
        requests=int(done[1]),
        errors=int(done[2]) + unanswered,
    )


def _wrk(
    script: str,
    port: int,
    path: str,
    told: Sequence[str],
    connections: int,
    seconds: int,
    core: int,
) -> str:
    times = ["-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s"]
    url = f"http://127.0.0.1:{port}{path}"
    said = _run(["wrk", *times, "-s", str(_HERE / script), url, "--", *told], core)
    return said.strip().splitlines()[-1]


def _run(command: list[str], core: int) -> str:
    done = subprocess.run(
        ["taskset", "--cpu-list", str(core), *command], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout
