"""Whether the operator is alive and ready, told over HTTP together with the metrics.

Alive means that every loop that should turn does turn. An API server that is down makes a replica
unready, never dead: a restart would not help.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

from aiohttp import web
from prometheus_client import generate_latest

from slipway_operator.metrics import REGISTRY

# Every loop turns at least each 90 s, the longest silence that a watch bears, plus its pause.
STUCK_AFTER: Final = 180.0
SILENT_AFTER: Final = 30.0


@dataclass(slots=True)
class Health:
    """When each loop last turned and when the API server last answered."""

    clock: Callable[[], float]
    beats: dict[str, float] = field(default_factory=dict)
    last_answer: float = float("-inf")
    is_prepared: bool = False

    def beat(self, loop: str) -> None:
        """Note that a loop turned."""
        self.beats[loop] = self.clock()

    def prepare(self, is_prepared: bool) -> None:
        """Note whether ModelDeployments are known and watched."""
        self.is_prepared = is_prepared

    def answered(self) -> None:
        """Note that the API server answered."""
        self.last_answer = self.clock()

    def ended(self, loop: str) -> None:
        """Forget a loop that was ended on purpose."""
        self.beats.pop(loop, None)

    def stuck(self) -> Iterator[str]:
        """Return the loops that have not turned for too long."""
        now = self.clock()
        return (loop for loop, beat in self.beats.items() if now - beat > STUCK_AFTER)

    def unready(self) -> Iterator[str]:
        """Return what is missing for this replica to do its work."""
        if not self.is_prepared:
            yield "ModelDeployments are not watched yet; is the CRD applied?"
        if self.clock() - self.last_answer > SILENT_AFTER:
            yield "the API server does not answer"


async def serve(health: Health, port: int) -> web.AppRunner:
    """Serve /livez, /readyz and /metrics."""

    async def livez(_: web.Request) -> web.Response:
        return _answer([f"{loop} is stuck" for loop in health.stuck()])

    async def readyz(_: web.Request) -> web.Response:
        return _answer([*(f"{loop} is stuck" for loop in health.stuck()), *health.unready()])

    async def metrics(_: web.Request) -> web.Response:
        return web.Response(body=generate_latest(REGISTRY), headers=_METRICS_TYPE)

    app = web.Application()
    app.add_routes(
        [web.get("/livez", livez), web.get("/readyz", readyz), web.get("/metrics", metrics)]
    )
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, port=port).start()
    return runner


_METRICS_TYPE: Final = {"Content-Type": "text/plain; version=0.0.4; charset=utf-8"}


def _answer(complaints: list[str]) -> web.Response:
    if complaints:
        return web.Response(status=503, text="\n".join(complaints) + "\n")
    return web.Response(text="ok\n")
