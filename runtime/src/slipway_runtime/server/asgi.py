"""The raw ASGI callable in front of everything: probes, metrics and predictions.

Probes are answered on the event loop, where no prediction runs that takes more than a moment.
A later callable in front of this one may forward requests; this one always answers here.
"""

import logging
import re
from contextlib import suppress
from dataclasses import dataclass
from time import perf_counter
from typing import Final

from slipway_runtime.errors import RefusedError, unavailable
from slipway_runtime.identity import Identity
from slipway_runtime.lifecycle.state import State
from slipway_runtime.metrics import CONTENT_TYPE, Metrics
from slipway_runtime.server.admission import Admission
from slipway_runtime.server.answers import (
    CLIENT_GONE,
    CLOSE,
    INTERNAL_ERROR,
    Message,
    Receive,
    Send,
    answer,
    refuse,
    send_answer,
)
from slipway_runtime.server.body import Body, DisconnectedError
from slipway_runtime.server.early import refuse_early
from slipway_runtime.server.predictions import SIMPLE, Call, Predictions

log = logging.getLogger("slipway")

_MODEL_PATH: Final = re.compile(r"/v2/models/([^/]+)(?:/versions/([^/]+))?/(infer|ready)")


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request on its way to an answer."""

    scope: Message
    receive: Receive
    send: Send


class Application:
    """Slipway's ASGI application for one model."""

    def __init__(
        self,
        identity: Identity,
        state: State,
        metrics: Metrics,
        admission: Admission,
        predictions: Predictions,
    ) -> None:
        self._identity = identity
        self._state = state
        self._metrics = metrics
        self._admission = admission
        self._predictions = predictions

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request, whatever happens."""
        exchange = Exchange(scope, receive, self._asking_to_leave(send))
        try:
            await self._route(exchange)
        except RefusedError as refused:
            await refuse(exchange.send, refused)
        except Exception as error:
            log.error("a request failed", exc_info=error)
            with suppress(RuntimeError):  # uvicorn's word for an answer that has begun
                await answer(exchange.send, INTERNAL_ERROR, status=500)

    def _asking_to_leave(self, send: Send) -> Send:
        """Ask clients to reconnect, hence to reach another process, once this one drains."""

        async def wrapped(message: Message) -> None:
            if self._state.draining and message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], CLOSE]
            await send(message)

        return wrapped

    async def _route(self, exchange: Exchange) -> None:
        path = exchange.scope["path"]
        if endpoint := SIMPLE.get(path):
            await self._predict(exchange, Call(endpoint, self._identity.name, None))
        elif match := _MODEL_PATH.fullmatch(path):
            name, version, verb = match.groups()
            if verb == "infer":
                await self._predict(exchange, Call("infer", name, version))
            else:
                await self._model_ready(exchange, name, version)
        elif path == "/v2/health/live":
            _expect_method(exchange, "GET", "HEAD")
            await answer(exchange.send, b'{"live":true}')
        elif path == "/v2/health/ready":
            await self._ready(exchange)
        elif path == "/metrics":
            _expect_method(exchange, "GET")
            text = self._metrics.render()
            await answer(exchange.send, text, content_type=CONTENT_TYPE.encode())
        else:
            await self._page(exchange)

    async def _ready(self, exchange: Exchange) -> None:
        _expect_method(exchange, "GET", "HEAD")
        if not self._state.ready:
            raise unavailable(f"not ready: {self._state.words}")
        await answer(exchange.send, b'{"ready":true,"live":true}')

    async def _model_ready(self, exchange: Exchange, name: str, version: str | None) -> None:
        _expect_method(exchange, "GET", "HEAD")
        self._identity.expect(name, version)
        if not self._state.ready:
            raise unavailable(f"model '{name}' is not ready: {self._state.words}")
        await answer(exchange.send, b'{"name":"%s","ready":true}' % name.encode())

    async def _page(self, exchange: Exchange) -> None:
        pages = self._state.pages
        if pages is None:
            raise unavailable(f"not ready: {self._state.words}")
        await pages(exchange.scope, exchange.receive, exchange.send)

    async def _predict(self, exchange: Exchange, call: Call) -> None:
        started = perf_counter()
        code = CLIENT_GONE
        body = Body(exchange.receive, exchange.scope["headers"], self._admission)
        self._metrics.began()
        try:
            code = await self._answer(exchange, body, call)
        finally:
            body.close()
            self._metrics.ended(call.endpoint, code, perf_counter() - started)

    async def _answer(self, exchange: Exchange, body: Body, call: Call) -> int:
        try:
            content = await body.read()
            _expect_method(exchange, "POST")
            answer = await self._predictions.answer(call, content, body)
        except DisconnectedError:
            return CLIENT_GONE
        except RefusedError as refused:
            await self._refuse(exchange, body, refused)
            return refused.status
        if answer.status != CLIENT_GONE:
            await send_answer(exchange.send, answer)
        return answer.status

    async def _refuse(self, exchange: Exchange, body: Body, refused: RefusedError) -> None:
        if body.complete:
            await refuse(exchange.send, refused, self._predictions.signed)
            return
        await refuse_early(exchange.receive, exchange.send, refused, self._predictions.signed)


def _expect_method(exchange: Exchange, *methods: str) -> None:
    if exchange.scope["method"] not in methods:
        allowed = ", ".join(methods)
        raise RefusedError(405, f"use {allowed} here", (("allow", allowed),))
