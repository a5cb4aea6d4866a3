"""One case: start its servers, see that all give the right answer, then measure them in turn.

The turns are short and interleaved, so that whatever else happens on the machine happens to all.
A server that waits for its turn is stopped: it takes nothing from the one that is measured.
"""

import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from bench.runtime import wires
from bench.runtime.arithmetic import Row, Run, finished
from bench.runtime.cases import Case, Contender
from bench.runtime.environments import InstallError
from bench.runtime.load import Burst
from bench.runtime.machine import Cores
from bench.runtime.models import Sample
from bench.runtime.process import Process, ServerError, running
from bench.runtime.servers import SERVERS, surroundings
from bench.runtime.wires import Answer

LIMIT = "loop over session.run (limit)"
_WARM_UP_SECONDS = 1


@dataclass(frozen=True, slots=True)
class Effort:
    """How much time is spent: the more, the surer."""

    rounds: int
    seconds: float
    idle_seconds: float
    requests: int


FULL = Effort(rounds=5, seconds=3, idle_seconds=20, requests=200_000)
QUICK = Effort(rounds=1, seconds=1, idle_seconds=3, requests=20_000)


@dataclass(frozen=True, slots=True)
class Bench:
    """All that measuring needs and that does not change."""

    cores: Cores
    folder: Path
    effort: Effort
    pythons: Mapping[str, Path | InstallError]
    tell: Callable[[str], None]

    def burst(self, connections: int, seconds: float | None = None) -> Burst:
        """Say how hard to ask."""
        return Burst(connections, seconds or self.effort.seconds, self.cores.client)

    @contextmanager
    def started(self, name: str, sample: Sample) -> Iterator[Process]:
        """Start a server on its core; it is gone afterwards."""
        python = self.pythons[name]
        if isinstance(python, InstallError):
            raise ServerError(f"could not be installed: {python}")
        server = SERVERS[name]
        command = server.command(python, sample.path)
        log = self.folder / f"{name}-{sample.name}.log"
        with running(command, server.ready, self.cores.server, log, surroundings()) as process:
            yield process


@dataclass(slots=True)
class Entrant:
    """A contender in the ring: its server, or the reason why it has none."""

    contender: Contender
    server: Process | None = None
    answer: Answer | None = None
    failure: str = ""
    runs: list[Run] = field(default_factory=list)

    def put_out(self, why: str) -> None:
        """Take it out of the ring; its server must not disturb the others."""
        self.failure = why
        if self.server is not None:
            self.server.pause()

    def row(self) -> Row:
        """Sum it up."""
        label = self.contender.label
        return Row(label, failure=self.failure) if self.failure else finished(label, self.runs)


def measure(case: Case, sample: Sample, bench: Bench) -> list[Row]:
    """Measure all contenders of a case, Slipway first."""
    with ExitStack() as stack:
        entrants = [Entrant(contender) for contender in case.contenders]
        for entrant in entrants:
            _guarded(entrant, lambda one: _enter(one, stack, case, sample, bench))
        limits = []
        for turn in range(bench.effort.rounds):
            bench.tell(f"{case.title}: round {turn + 1} of {bench.effort.rounds}")
            for entrant in entrants:
                _guarded(entrant, lambda one: _turn(one, case, sample, bench))
            if case.limit:
                limits.append(_limit(sample, bench))
        for entrant in entrants:
            _guarded(entrant, lambda one: _leave(one, sample, bench))
    rows = [entrant.row() for entrant in entrants]
    return [*rows, finished(LIMIT, limits)] if case.limit else rows


def _guarded(entrant: Entrant, step: Callable[[Entrant], None]) -> None:
    """Take a step unless the entrant is out; put it out when the step fails."""
    if entrant.failure:
        return
    try:
        step(entrant)
    except (ServerError, RuntimeError) as error:
        entrant.put_out(str(error))
    except (KeyError, ValueError) as error:
        entrant.put_out(f"an answer that cannot be read: {error!r}")


def _enter(entrant: Entrant, stack: ExitStack, case: Case, sample: Sample, bench: Bench) -> None:
    contender = entrant.contender
    bench.tell(f"{case.title}: starting {contender.label}")
    entrant.server = stack.enter_context(bench.started(contender.server, sample))
    body = contender.wire.write(sample)
    _body_file(entrant, sample, bench).write_bytes(body)
    entrant.answer = _right_answer(entrant, sample, body)
    burst = bench.burst(case.connections, _WARM_UP_SECONDS)
    _load(entrant, sample, bench, burst)
    entrant.server.pause()


def _turn(entrant: Entrant, case: Case, sample: Sample, bench: Bench) -> None:
    assert entrant.server is not None
    entrant.server.resume()
    # Its answer comes after whatever the last turn's end has left undone.
    _right_answer(entrant, sample, _body_file(entrant, sample, bench).read_bytes())
    used = entrant.server.cpu_seconds()
    run = _load(entrant, sample, bench, bench.burst(case.connections))
    cost = (entrant.server.cpu_seconds() - used) / max(1, run.requests)
    entrant.runs.append(replace(run, cost=cost * 1e6))
    entrant.server.pause()


def _leave(entrant: Entrant, sample: Sample, bench: Bench) -> None:
    assert entrant.server is not None
    entrant.server.resume()
    _right_answer(entrant, sample, _body_file(entrant, sample, bench).read_bytes())
    entrant.server.pause()


def _right_answer(entrant: Entrant, sample: Sample, body: bytes) -> Answer:
    assert entrant.server is not None
    answer = entrant.contender.wire.ask(entrant.server, body)
    wires.check(answer, sample)
    return answer


def _load(entrant: Entrant, sample: Sample, bench: Bench, burst: Burst) -> Run:
    assert entrant.server is not None
    assert entrant.answer is not None
    body = _body_file(entrant, sample, bench)
    return entrant.contender.wire.load(entrant.server, body, entrant.answer, burst)


def _body_file(entrant: Entrant, sample: Sample, bench: Bench) -> Path:
    return bench.folder / f"{sample.name}-{type(entrant.contender.wire).__name__}.body"


def _limit(sample: Sample, bench: Bench) -> Run:
    tensor = bench.folder / f"{sample.name}.npy"
    np.save(tensor, sample.given)
    python = bench.pythons["bare"]
    command = ["taskset", "--cpu-list", str(bench.cores.server), str(python)]
    command += ["-m", "bench.runtime.peers.limit", str(sample.path), str(tensor)]
    done = subprocess.run(
        [*command, str(bench.effort.seconds)],
        env=surroundings(),
        capture_output=True,
        text=True,
        check=True,
    )
    rate, cost = map(float, done.stdout.split())
    return Run(rate, cost=cost)
