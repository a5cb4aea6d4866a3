"""When a process that was told to end may stop listening.

Clients learn late that this process goes away: proxies and kube-proxy follow the endpoints with
a delay, and kept-alive connections stay open. So it keeps answering for a while, asks each client
to reconnect, and closes idle connections only at the end.
"""

import asyncio
from collections.abc import Callable
from time import monotonic
from typing import Final

_TICK: Final = 0.1
_SHORTEST: Final = 5.0


def over(elapsed: float, connections: int, longest: float) -> bool:
    """Whether the drain is over: after the time given, or early when nobody is connected."""
    shortest = min(_SHORTEST, longest)
    return elapsed >= longest or (elapsed >= shortest and connections == 0)


async def drain(connections: Callable[[], int], longest: float) -> None:
    """Wait until the drain is over."""
    started = monotonic()
    while not over(monotonic() - started, connections(), longest):  # noqa: ASYNC110
        await asyncio.sleep(_TICK)  # uvicorn tells nobody when a connection closes
