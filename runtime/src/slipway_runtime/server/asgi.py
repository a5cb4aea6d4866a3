"""The raw ASGI callable in front of everything: probes, metrics and predictions.

Probes are answered on the event loop and never wait for a prediction, which runs in a thread.
A later callable in front of this one may forward requests; this one always answers here.
"""

import logging
import re
from asyncio import get_running_loop
from concurrent.futures import Executor
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from slipway_runtime.codec.document import cost
from slipway_runtime.errors import InferenceError, OutOfMemoryError, RefusedError, unavailable
from slipway_runtime.identity import Identity
from slipway_runtime.lifecycle.state import State
from slipway_runtime.metrics import CONTENT_TYPE, Metrics
from slipway_runtime.server.admission import Admission, Room
from slipway_runtime.server.answers import (
    CLOSE,
    Header,
    Message,
    Receive,
    Send,
    answer,
    error_body,
    refuse,
)
from slipway_runtime.server.body import Body, DisconnectedError

if TYPE_CHECKING:  # the server is up before the model's libraries are imported
    from slipway_runtime.model import Model

log = logging.getLogger("slipway")

_MODEL_PATH: Final = re.compile(r"/v2/models/([^/]+)(?:/versions/([^/]+))?/(infer|ready)")
_CLIENT_GONE: Final = 499
_PLAIN: Final = " !#$&'()*+,/:;<=>?@[]^`{|}"


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request on its way to an answer."""

    scope: Message
    receive: Receive
    send: Send


@dataclass(frozen=True, slots=True)
class Call:
    """Which prediction is asked for."""

    endpoint: str
    model: str
    version: str | None


class Application:
    """Slipway's ASGI application for one model."""

    def __init__(
        self,
        identity: Identity,
        state: State,
        metrics: Metrics,
        admission: Admission,
        room: Room,
        threads: Executor,
    ) -> None:
        self._identity = identity
        self._state = state
        self._metrics = metrics
        self._admission = admission
        self._room = room
        self._threads = threads
        self._signed = _signature_headers(identity)

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request, whatever happens."""
        exchange = Exchange(scope, receive, self._asking_to_leave(send))
        try:
            await self._route(exchange)
        except RefusedError as refused:
            await refuse(exchange.send, refused)

    def _asking_to_leave(self, send: Send) -> Send:
        """Ask clients to reconnect, hence to reach another process, once this one drains."""

        async def wrapped(message: Message) -> None:
            if self._state.draining and message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], CLOSE]
            await send(message)

        return wrapped

    async def _route(self, exchange: Exchange) -> None:
        path = exchange.scope["path"]
        if path == "/predict":
            await self._predict(exchange, Call("predict", self._identity.name, None))
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
        code = _CLIENT_GONE
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
            text = await self._compute(content, call)
        except DisconnectedError:
            return _CLIENT_GONE
        except RefusedError as refused:
            await self._refuse(exchange, body, refused)
            return refused.status
        except Exception as error:
            await answer(exchange.send, _failure(error), status=500, headers=self._signed)
            return 500
        await answer(exchange.send, text, headers=self._signed)
        return 200

    async def _compute(self, content: bytes, call: Call) -> bytes:
        self._identity.expect(call.model, call.version)
        model = self._state.model
        if model is None:
            raise unavailable(f"not ready: {self._state.words}")
        with self._admission.place():
            return await get_running_loop().run_in_executor(
                self._threads, self._run, model, call, content
            )

    def _run(self, model: "Model", call: Call, content: bytes) -> bytes:
        with self._room.take(cost(content)):
            read = model.read if call.endpoint == "infer" else model.read_simple
            inference, reply = read(content)
            return reply.write(model.compute(inference.feed, inference.outputs))[0]

    async def _refuse(self, exchange: Exchange, body: Body, refused: RefusedError) -> None:
        if body.complete:
            await refuse(exchange.send, refused, self._signed)
            return
        await refuse(exchange.send, refused, (*self._signed, CLOSE), more=True)
        await body.discard()
        await exchange.send({"type": "http.response.body", "body": b"", "more_body": False})


def _signature_headers(identity: Identity) -> tuple[Header, ...]:
    headers = (
        (b"x-slipway-revision", identity.revision),
        (b"x-slipway-version", identity.version),
    )
    # A version is any text of the user's, a header is not.
    return tuple((name, quote(value, _PLAIN).encode()) for name, value in headers if value)


def _expect_method(exchange: Exchange, *methods: str) -> None:
    if exchange.scope["method"] not in methods:
        allowed = ", ".join(methods)
        raise RefusedError(405, f"use {allowed} here", (("allow", allowed),))


def _failure(error: Exception) -> bytes:
    if isinstance(error, MemoryError):
        error = OutOfMemoryError("not enough memory for this request")
    if isinstance(error, InferenceError):
        log.error("inference failed: %s", error)
        return error_body(f"inference failed: {error}")
    log.error("a prediction failed", exc_info=error)
    return error_body("internal error; the server's log says more")
