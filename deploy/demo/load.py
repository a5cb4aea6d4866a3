"""Users at work: a steady stream of requests to one URL, every answer counted.

One file that runs anywhere Python and httpx are, so a pod can take it from a ConfigMap:

    python load.py --url http://iris/predict --payload '{"sepal_length": 5.1, ...}' --rate 100

Request n is due at n/rate, whatever became of those before it, and its latency counts from then:
a server that stalls cannot hide behind users who wait politely. Some users keep their connection
alive; the others open a new one for each request. Nothing is ever sent twice.

It writes one JSON object a second and a last one, with "summary": true, for the whole run, and
exits with 1 when a request failed. SIGTERM and SIGINT end the run early, and it still sums up.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from typing import Any

import httpx

VERSION = "x-slipway-version"
REVISION = "x-slipway-revision"


@dataclass(frozen=True, slots=True)
class Load:
    """What to send, how often and how long."""

    url: str
    payload: str
    rate: float
    duration: float
    keepalive_share: float
    users: int
    timeout: float

    def due(self, user: int) -> Iterator[float]:
        """When this user's requests are due, in seconds from the start."""
        for number in range(user, round(self.rate * self.duration), self.users):
            yield number / self.rate

    def keeps_alive(self, user: int) -> bool:
        """Whether this user stays on one connection."""
        return user < round(self.users * self.keepalive_share)


@dataclass(slots=True)
class Tally:
    """Answers, counted."""

    ok: int = 0
    failed: int = 0
    by_version: Counter[str] = field(default_factory=Counter)
    by_revision: Counter[str] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
    latencies: list[float] = field(default_factory=list)

    def count(self, answer: httpx.Response | httpx.HTTPError, latency: float) -> None:
        """Add one answer, or the lack of one."""
        self.latencies.append(latency)
        if isinstance(answer, httpx.HTTPError):
            self._fail(f"{type(answer).__name__}: {answer}"[:120])
            return
        self.by_version[answer.headers.get(VERSION, "unknown")] += 1
        self.by_revision[answer.headers.get(REVISION, "unknown")] += 1
        if answer.is_success:
            self.ok += 1
        else:
            self._fail(f"HTTP {answer.status_code}")

    def _fail(self, why: str) -> None:
        self.failed += 1
        self.errors[why] += 1

    def report(self) -> dict[str, Any]:
        """The counts, and latencies in milliseconds."""
        return {
            "sent": self.ok + self.failed,
            "ok": self.ok,
            "failed": self.failed,
            "by_version": dict(self.by_version),
            "by_revision": dict(self.by_revision),
            "p50_ms": percentile(self.latencies, 50),
            "p99_ms": percentile(self.latencies, 99),
            "max_ms": percentile(self.latencies, 100),
            "errors": dict(self.errors),
        }


def percentile(latencies: Sequence[float], percent: float) -> float | None:
    """The smallest latency that so many percent do not exceed, in milliseconds."""
    if not latencies:
        return None
    rank = -(-len(latencies) * percent // 100)
    return round(sorted(latencies)[max(0, int(rank) - 1)] * 1000, 1)


class Run:
    """One run: users who ask, a total, and the count of the present second."""

    def __init__(self, load: Load) -> None:
        self.load = load
        self.total = Tally()
        self.second = Tally()
        self.stop = asyncio.Event()
        self.start = time.monotonic()

    async def go(self) -> Tally:
        """Ask until the time is up or `stop` is set."""
        async with AsyncExitStack() as stack:
            clients = [await stack.enter_async_context(client) for client in self._clients()]
            self.start = time.monotonic()
            reporter = asyncio.create_task(self._report_each_second())
            async with asyncio.TaskGroup() as users:
                for user, client in enumerate(clients):
                    users.create_task(self._use(client, user))
            reporter.cancel()
        return self.total

    def _clients(self) -> Iterator[httpx.AsyncClient]:
        tls = httpx.create_ssl_context()  # slow to make, so it is made once
        for user in range(self.load.users):
            kept = int(self.load.keeps_alive(user))
            limits = httpx.Limits(max_connections=1, max_keepalive_connections=kept)
            yield httpx.AsyncClient(
                limits=limits, timeout=self.load.timeout, verify=tls, trust_env=False
            )

    async def _use(self, client: httpx.AsyncClient, user: int) -> None:
        for due in self.load.due(user):
            await self._wait(due)
            if self.stop.is_set():
                return
            answer = await self._ask(client)
            latency = time.monotonic() - self.start - due
            self.total.count(answer, latency)
            self.second.count(answer, latency)

    async def _wait(self, due: float) -> None:
        with suppress(TimeoutError):
            left = due - (time.monotonic() - self.start)
            await asyncio.wait_for(self.stop.wait(), max(0, left))

    async def _ask(self, client: httpx.AsyncClient) -> httpx.Response | httpx.HTTPError:
        headers = {"content-type": "application/json"}
        try:
            return await client.post(self.load.url, content=self.load.payload, headers=headers)
        except httpx.HTTPError as error:
            return error

    async def _report_each_second(self) -> None:
        second = 0
        while True:
            second += 1
            await asyncio.sleep(second - (time.monotonic() - self.start))
            past, self.second = self.second, Tally()
            write({"second": second, **past.report()})


def write(line: dict[str, Any]) -> None:
    """One line of JSON, at once."""
    print(json.dumps(line), flush=True)


async def run(load: Load) -> int:
    """Run, sum up, and return the exit code."""
    current = Run(load)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, current.stop.set)
    total = await current.go()
    seconds = round(time.monotonic() - current.start, 1)
    write({"summary": True, "seconds": seconds, **total.report()})
    return 1 if total.failed else 0


def parse(arguments: Sequence[str] | None = None) -> Load:
    """The command line."""
    parser = argparse.ArgumentParser(
        description="Send requests at a steady rate and count the answers, second by second.",
        epilog="example: load.py --url http://localhost:8080/predict --payload '{}' --rate 50",
    )
    parser.add_argument("--url", required=True, help="where every request is POSTed")
    parser.add_argument("--payload", required=True, help="its body, JSON")
    parser.add_argument("--rate", type=positive, default=100, help="requests a second (100)")
    parser.add_argument("--duration", type=positive, default=60, help="seconds (60)")
    parser.add_argument(
        "--keepalive-share", type=share, default=0.5, help="of the users, 0 to 1 (0.5)"
    )
    parser.add_argument("--users", type=count, default=20, help="at most so many at once (20)")
    parser.add_argument(
        "--timeout", type=positive, default=10, help="seconds an answer may take (10)"
    )
    return Load(**vars(parser.parse_args(arguments)))


def positive(text: str) -> float:
    """A number above zero."""
    if not float(text) > 0:
        raise ValueError
    return float(text)


def count(text: str) -> int:
    """A whole number above zero."""
    return int(positive(str(int(text))))


def share(text: str) -> float:
    """A number from 0 to 1."""
    if not 0 <= float(text) <= 1:
        raise ValueError
    return float(text)


if __name__ == "__main__":
    sys.exit(asyncio.run(run(parse())))
