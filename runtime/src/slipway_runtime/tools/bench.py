"""Measure a model on this machine: alone, and through the server; then say what to set.

Each figure is told as soon as it is there. What is advised follows from the figures alone.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Final

import orjson

from slipway_runtime import openapi
from slipway_runtime.model import Model
from slipway_runtime.tools import timing, trial
from slipway_runtime.tools.asking import ask
from slipway_runtime.tools.serving import served
from slipway_runtime.tools.timing import Timing, summary
from slipway_runtime.tools.trial import Feed

ROWS: Final = (1, 8, 32)
CLIENTS: Final = (1, 16, 64)
_FIGURES: Final = len(ROWS) + 1 + len(CLIENTS) + 1
_PAYS: Final = 1.2
"""So many times faster, or it is not worth a setting."""

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Bench:
    """What is measured, how long in all, and who is told."""

    model: Model
    path: Path
    options: tuple[str, ...]
    """Of `serve`, for the servers that are measured."""
    seconds: float
    threads: int
    tell: Tell

    def run(self) -> "Figures":
        """Take all figures."""
        size = trial.guess(self.model)
        alone = self._alone(size)
        side_by_side = self._side_by_side(trial.varied(self.model, size, 1))
        self.tell("through the server, one row a request, asked from this machine:")
        through = self._through(size)
        joined = self._joined(size) if trial.takes_rows(self.model) else None
        return Figures(alone, self.threads, side_by_side, through, joined)

    @property
    def _each(self) -> float:
        return self.seconds / _FIGURES

    def _alone(self, size: int) -> dict[int, Timing]:
        self.tell("the model alone, one thread:")
        figures = {}
        for rows in ROWS if trial.takes_rows(self.model) else ROWS[:1]:
            feed = trial.varied(self.model, size, rows)
            figures[rows] = timing.repeat(partial(self._once, feed), self._each)
            self.tell(_line(_count(rows, "row"), figures[rows], rows))
        return figures

    def _once(self, feed: Feed) -> None:
        trial.run(self.model, feed)

    def _side_by_side(self, feed: Feed) -> Timing:
        """Run it in as many threads as the server would."""
        with ThreadPoolExecutor(self.threads) as pool:
            began = perf_counter()
            runs = [
                pool.submit(timing.durations, partial(self._once, feed), self._each)
                for _ in range(self.threads)
            ]
            together = [duration for run in runs for duration in run.result()]
            figure = summary(together, perf_counter() - began)
        self.tell(_line(f"1 row, {_count(self.threads, 'thread')}", figure, 1))
        return figure

    def _through(self, size: int) -> dict[int, Timing]:
        figures = {}
        with served(self.path, self.options) as port:
            for clients in CLIENTS:
                figures[clients] = self._ask(port, size, clients)
                self.tell(_line(_count(clients, "client"), figures[clients], 1))
        return figures

    def _joined(self, size: int) -> Timing:
        with served(self.path, (*self.options, "--batch-rows", str(ROWS[-1]))) as port:
            figure = self._ask(port, size, CLIENTS[-1])
        self.tell(_line(f"{CLIENTS[-1]} clients, rows joined", figure, 1))
        return figure

    def _ask(self, port: int, size: int, clients: int) -> Timing:
        body = orjson.dumps(openapi.row_example(self.model.simple, size))
        return ask(port, "/predict", body, clients, self._each)


@dataclass(frozen=True, slots=True)
class Figures:
    """What was found."""

    alone: dict[int, Timing]
    """By the rows of a run."""
    threads: int
    side_by_side: Timing
    through: dict[int, Timing]
    """By the clients that ask at once."""
    joined: Timing | None
    """With the most clients, and the rows of several requests in one run."""


def advice(found: Figures) -> Iterator[str]:
    """Say what follows for somebody who serves this model."""
    yield _on_batching(found)
    yield _on_processors(found)
    busy = found.through[CLIENTS[1]]
    yield (
        f"- {CLIENTS[1]} clients at once see a median of {_ms(busy.median)} and a p99 of "
        f"{_ms(busy.p99)}; a --timeout-seconds far above the p99 costs nothing"
    )


def _on_batching(found: Figures) -> str:
    unjoined = found.through[CLIENTS[-1]]
    if found.joined is None:
        return "- batching: not for this model, which takes one request's tensors at a time"
    gain = found.joined.per_second / unjoined.per_second
    alone = ROWS[-1] * found.alone[1].median / found.alone[ROWS[-1]].median
    seen = (
        f"{ROWS[-1]} rows in one run are {alone:.1f} times as fast as one by one, and through the "
        f"server joining them made {gain:.2f} times as many answers"
    )
    if gain >= _PAYS:
        return f"- batching pays: set --batch-rows {ROWS[-1]} ({seen})"
    return f"- batching does not pay here: leave it off ({seen})"


def _on_processors(found: Figures) -> str:
    single = found.alone[1].per_second
    gain = found.side_by_side.per_second / single
    best = max(figure.per_second for figure in found.through.values())
    return (
        f"- processors: the server gave up to {best:,.0f} answers a second here, its clients "
        f"included; the model alone makes {single:,.0f} runs a second on one thread and {gain:.1f} "
        f"times that on {found.threads}"
    )


def _line(what: str, figure: Timing, rows: int) -> str:
    return (
        f"  {what:<24}  median {_ms(figure.median):>9}   p99 {_ms(figure.p99):>9}   "
        f"{figure.per_second * rows:>10,.0f} rows/s"
    )


def _ms(seconds: float) -> str:
    return f"{1000 * seconds:.3g} ms"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")
