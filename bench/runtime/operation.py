"""What a server costs while it starts, waits and lives: seconds, memory, processor time.

The long run sends Slipway requests good and bad, and looks at its memory before and after.
"""

import statistics
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from bench.runtime import load, wires
from bench.runtime.arithmetic import drift
from bench.runtime.load import Mixed
from bench.runtime.measure import Bench
from bench.runtime.models import Sample
from bench.runtime.process import Process, ServerError
from bench.runtime.wires import PATH, Json

LABELS = {
    "slipway": "Slipway",
    "slipway-grpc": "Slipway with gRPC",
    "kserve": "KServe SDK",
    "mlserver": "MLServer",
    "litserve": "LitServe",
    "fastapi": "FastAPI with pydantic",
    "bare": "bare ASGI",
}
_CONNECTIONS = 16
_SETTLE_SECONDS = 2
_FIRST_SHARE = 10
"""A tenth of the requests comes before memory is first looked at."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What one server costs; `failure` says why it is not known."""

    label: str
    seconds_to_ready: float = 0
    memory: float = 0
    idle_percent: float = 0
    failure: str = ""


@dataclass(frozen=True, slots=True)
class LongRun:
    """Memory in MiB before and after many requests, good and bad."""

    requests: Mixed
    before: float
    after: float

    @property
    def drift(self) -> float:
        """The change in percent."""
        return drift(self.before, self.after)


@dataclass(frozen=True, slots=True)
class Operation:
    """All servers' costs, and Slipway's long run or why there is none."""

    costs: Sequence[Cost]
    long_run: LongRun | str


def observe(sample: Sample, bench: Bench) -> Operation:
    """Look at all servers, then let Slipway run long."""
    costs = [_cost(name, sample, bench) for name in LABELS]
    bench.tell(f"{bench.effort.requests:,} requests good and bad")
    try:
        with bench.started("slipway", sample) as server:
            return Operation(costs, _run_long(server, sample, bench))
    except (ServerError, RuntimeError) as error:
        return Operation(costs, str(error))


def _cost(name: str, sample: Sample, bench: Bench) -> Cost:
    bench.tell(f"{LABELS[name]}: start, memory, {bench.effort.idle_seconds:.0f} s of idleness")
    try:
        starts = [_seconds_to_ready(name, sample, bench) for _ in range(bench.effort.rounds)]
        with ExitStack() as stack:
            server = stack.enter_context(bench.started(name, sample))
            _warm_up(server, sample, bench)
            memory = server.memory()
            idle = _idle_percent(server, bench.effort.idle_seconds)
    except (ServerError, RuntimeError) as error:
        return Cost(LABELS[name], failure=str(error))
    return Cost(LABELS[name], statistics.median(starts), memory, idle)


def _seconds_to_ready(name: str, sample: Sample, bench: Bench) -> float:
    with bench.started(name, sample) as server:
        return server.seconds_to_ready


def _warm_up(server: Process, sample: Sample, bench: Bench) -> None:
    body = Json().write(sample)
    answer = Json().ask(server, body)
    wires.check(answer, sample)
    file = bench.folder / "warm-up.body"
    file.write_bytes(body)
    run = Json().load(server, file, answer, bench.burst(_CONNECTIONS))
    if run.errors:
        raise ServerError(f"{run.errors} requests failed")


def _idle_percent(server: Process, seconds: float) -> float:
    time.sleep(_SETTLE_SECONDS)
    before = server.cpu_seconds()
    time.sleep(seconds)
    return (server.cpu_seconds() - before) / seconds * 100


def _run_long(server: Process, sample: Sample, bench: Bench) -> LongRun:
    files, requests = _write(mixture(sample), bench.folder), bench.effort.requests
    load.mixed(server.port, files, requests // _FIRST_SHARE, bench.cores.client)
    before = server.memory()
    counted = load.mixed(server.port, files, requests, bench.cores.client)
    after = server.memory()
    wires.check(Json().ask(server, Json().write(sample)), sample)
    if counted.failed:
        raise ServerError(f"{counted.failed} requests were lost or answered with 5xx")
    return LongRun(counted, before, after)


def mixture(sample: Sample) -> list[bytes]:
    """Write whole requests: three that are right, and one for each usual mistake."""
    right, binary = Json().write(sample), wires.Binary().write(sample)
    length = f"Inference-Header-Content-Length: {binary.index(b'}]}') + 3}"
    many = b'{"inputs":[{"name":"x","datatype":"FP32","shape":[64,4],"data":[' + b"1.5," * 255
    return [
        request(right),
        request(binary, headers=(length,)),
        request(many + b"1.5]}]}"),
        request(right[:-9]),
        request(right.replace(b"[1,4]", b"[1,5]")),
        request(right.replace(b"FP32", b"FP99")),
        request(right.replace(b'"name":"x"', b'"name":"unknown"')),
        request(right.replace(b'"data":[', b'"data":["text",')),
        request(b"[" * 50_000),
        request(b"\xff\xfe\x00"),
        request(b""),
        request(binary[:-4], headers=(length,)),
        request(binary, headers=("Inference-Header-Content-Length: 99999999",)),
        request(b"not gzip", headers=("Content-Encoding: gzip",)),
        request(right, path="/v2/models/unknown/infer"),
        request(right, path="/nowhere"),
    ]


def request(body: bytes, path: str = PATH, headers: Sequence[str] = ()) -> bytes:
    """Write one whole request, as it goes through the socket."""
    lines = [f"POST {path} HTTP/1.1", "Host: 127.0.0.1", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + body


def _write(requests: Sequence[bytes], folder: Path) -> list[Path]:
    files = [folder / f"mixed-{number}.http" for number in range(len(requests))]
    for file, content in zip(files, requests, strict=True):
        file.write_bytes(content)
    return files
