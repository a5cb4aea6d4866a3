"""An ASGI application that is made when the first request asks for it, in a thread.

For what takes long to import and is seldom asked for. Knows nothing of what it makes.
"""

import asyncio
from collections.abc import Callable

from slipway_runtime.lifecycle.state import AsgiApp
from slipway_runtime.server.answers import Message, Receive, Send


class Later:
    """Stands for an application until it is there."""

    def __init__(self, make: Callable[[], AsgiApp]) -> None:
        self._make = make
        self._made: asyncio.Future[AsgiApp] | None = None

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Pass a request on; one that comes while the application is made waits for it."""
        if self._made is None:
            loop = asyncio.get_running_loop()
            self._made = loop.run_in_executor(None, self._make)
        made = self._made
        try:
            app = await asyncio.shield(made)
        except Exception:
            if self._made is made:
                self._made = None
            raise
        await app(scope, receive, send)
