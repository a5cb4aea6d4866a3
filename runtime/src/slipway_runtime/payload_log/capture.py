"""Note what passes between a client and the application, for a share of the predictions.

An ASGI callable around another. It keeps references to what passes anyway, copies nothing and
waits for nothing; what there is no room for goes unnoted, and is counted.
"""

import random
from collections.abc import Callable
from datetime import UTC, datetime
from time import perf_counter
from uuid import uuid4

from slipway_runtime.lifecycle.state import AsgiApp
from slipway_runtime.payload_log.events import Occurrence, Payload
from slipway_runtime.server.answers import CLIENT_GONE, Message, Receive, Send
from slipway_runtime.server.paths import PREDICTION


class Capture:
    """Offers each chosen exchange to a queue once it is over."""

    def __init__(
        self,
        app: AsgiApp,
        share: float,
        offer: Callable[[Occurrence, int], object],
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._app = app
        self._share = share
        self._offer = offer
        self._chance = chance

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer a request, and note it where it is chosen."""
        if not PREDICTION.fullmatch(scope["path"]) or self._chance() >= self._share:
            await self._app(scope, receive, send)
            return
        exchange = _Exchange(receive, send)
        exchange.request.content_type = _content_type(scope["headers"])
        try:
            await self._app(scope, exchange.receive, exchange.send)
        finally:
            occurrence = exchange.over(scope["path"])
            self._offer(occurrence, occurrence.size)


class _Exchange:
    """The two sides of a request, listened to."""

    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive = receive
        self._send = send
        self._began = perf_counter()
        self._time = datetime.now(UTC)
        self._status = CLIENT_GONE
        self.request = Payload()
        self.response = Payload()

    async def receive(self) -> Message:
        message = await self._receive()
        if message["type"] == "http.request":
            self.request.add(message["body"])
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._status = message["status"]
            self.response.content_type = _content_type(message["headers"])
        else:
            self.response.add(message.get("body", b""))
        await self._send(message)

    def over(self, path: str) -> Occurrence:
        return Occurrence(
            id=uuid4().hex,
            time=self._time.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            path=path,
            status=self._status,
            milliseconds=round((perf_counter() - self._began) * 1000, 3),
            request=self.request,
            response=self.response,
        )


def _content_type(headers: list[tuple[bytes, bytes]]) -> str:
    for name, value in headers:
        if name == b"content-type":
            return value.decode("latin-1")[:100]
    return ""
