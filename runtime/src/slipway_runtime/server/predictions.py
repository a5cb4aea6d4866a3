"""From the body of a request for a prediction to its answer: the same for whichever lane it came.

What must hold for every prediction over HTTP belongs here. Knows neither ASGI nor connections.
Small bodies are read and small answers written on the event loop, large ones in threads.
"""

import logging
from asyncio import Task, get_running_loop
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from time import perf_counter
from typing import TYPE_CHECKING, Final, NamedTuple, TypeVar
from urllib.parse import quote

from slipway_runtime import stages
from slipway_runtime.errors import InferenceError, OutOfMemoryError, RefusedError, unavailable
from slipway_runtime.identity import Identity
from slipway_runtime.lifecycle.state import State
from slipway_runtime.metrics import Metrics
from slipway_runtime.server.admission import Room
from slipway_runtime.server.answers import INTERNAL_ERROR, JSON, Answer, Header, error_body
from slipway_runtime.server.body import Body

if TYPE_CHECKING:  # the server is up before the model's libraries are imported
    from slipway_runtime.inference import Inference, Reply
    from slipway_runtime.model import Model
    from slipway_runtime.scheduling.job import Job, Outcome
    from slipway_runtime.scheduling.scheduler import Scheduler
    from slipway_runtime.signature import Tensor

log = logging.getLogger("slipway")

SMALL: Final = 64 * 1024
"""Bytes of JSON that are read on the event loop: less than a millisecond's work."""

SIMPLE: Final = {"/predict": "predict", "/predict/batch": "predict_batch"}
"""The simple API's paths, and what their requests are counted as."""

_FEW: Final = 16 * 1024
"""Elements that are written there."""

_DENSEST: Final = 1032
"""How many bytes one byte of deflate can become, at most."""

_PLAIN: Final = " !#$&'()*+,/:;<=>?@[]^`{|}"
_CONTENT_TYPE: Final = b"content-type"
_Made = TypeVar("_Made")


class Call(NamedTuple):
    """Which prediction is asked for."""

    endpoint: str
    model: str
    version: str | None


Deliver = Callable[[Answer], None]


class Predictions:
    """Answers requests for predictions."""

    def __init__(
        self, identity: Identity, state: State, metrics: Metrics, room: Room, threads: int
    ) -> None:
        self._identity = identity
        self._state = state
        self._metrics = metrics
        self._room = room
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="codec")
        self._writing: set[Task[None]] = set()
        self.signed = signature_headers(identity)
        self.usual = ((_CONTENT_TYPE, JSON), *self.signed)

    def begin(self, call: Call, body: bytes, length: int | None, deliver: Deliver) -> "Job | None":
        """Answer a request with a small body; `deliver` may be called before this returns.

        `length` is the length of the JSON where binary tensors follow it.
        """
        try:
            model, scheduler = self._model(call)
            inference, reply, seconds = _read(model, call, body, length)
            self._metrics.decode.observe(seconds)
            return scheduler.submit(model, inference, partial(self._conclude, reply, deliver))
        except Exception as error:
            deliver(self.failed(error))
            return None

    async def answer(self, call: Call, body: bytes, client: Body) -> Answer:
        """Answer any request whose body has been read."""
        try:
            from slipway_runtime.codec import oip

            form = self._model(call)[0].form
            plain = await self._plain(body, client)
            length = _length(client.headers) if call.endpoint == "infer" else None
            if oip.piecemeal(plain, length, form) <= SMALL:
                return await self._answer(call, plain, length, client)
            async with self._room.take(await self._in_thread(oip.cost, plain, length, form)):
                return await self._answer(call, plain, length, client, threaded=True)
        except Exception as error:
            return self.failed(error)

    async def _plain(self, body: bytes, client: Body) -> bytes:
        """Decompress where it is compressed: first with room for the worst, then for what it is."""
        from slipway_runtime.codec import compression

        name = compression.coding(client.headers.get(b"content-encoding"))
        if name is None:
            return body
        largest = client.largest_decompressed
        worst = min(largest, _DENSEST * len(body), self._room.size)
        async with self._room.take(worst):
            plain = await self._in_thread(compression.decompress, body, name, largest)
        client.hold(len(plain))
        return plain

    async def _answer(
        self, call: Call, body: bytes, length: int | None, client: Body, threaded: bool = False
    ) -> Answer:
        from slipway_runtime.codec import compression

        model, scheduler = self._model(call)
        read = partial(_read, model, call, body, length)
        inference, reply, seconds = await self._in_thread(read) if threaded else read()
        self._metrics.decode.observe(seconds)
        stages.note("decode", seconds)
        if call.endpoint == "infer":
            reply = compression.wished(reply, client.headers.get(b"accept-encoding"))
        tensors = await scheduler.run(model, inference, client.gone)
        if _is_small(tensors):
            return self._written(*_write(reply, tensors))
        return self._written(*await self._in_thread(_write, reply, tensors))

    def _conclude(self, reply: "Reply", deliver: Deliver, outcome: "Outcome") -> None:
        if isinstance(outcome, Exception):
            deliver(self.failed(outcome))
        elif _is_small(outcome):
            try:
                answer = self._written(*_write(reply, outcome))
            except Exception as error:
                answer = self.failed(error)
            deliver(answer)
        else:
            task = get_running_loop().create_task(self._conclude_large(reply, deliver, outcome))
            self._writing.add(task)
            task.add_done_callback(self._writing.discard)

    async def _conclude_large(
        self, reply: "Reply", deliver: Deliver, tensors: "list[Tensor]"
    ) -> None:
        try:
            answer = self._written(*await self._in_thread(_write, reply, tensors))
        except Exception as error:
            answer = self.failed(error)
        deliver(answer)

    async def _in_thread(self, work: Callable[..., _Made], *arguments: object) -> _Made:
        return await get_running_loop().run_in_executor(self._threads, work, *arguments)

    def _model(self, call: Call) -> "tuple[Model, Scheduler]":
        self._identity.expect(call.model, call.version)
        model, scheduler = self._state.model, self._state.scheduler
        if model is None or scheduler is None:
            raise unavailable(f"not ready: {self._state.words}")
        return model, scheduler

    def _written(self, body: bytes, headers: tuple[Header, ...], seconds: float) -> Answer:
        self._metrics.encode.observe(seconds)
        stages.note("encode", seconds)
        if not headers:
            return Answer(200, body, self.usual)
        if any(name == _CONTENT_TYPE for name, _ in headers):
            return Answer(200, body, (*headers, *self.signed))
        return Answer(200, body, (*self.usual, *headers))

    def failed(self, error: Exception) -> Answer:
        """Tell a client in words why there is no prediction; a stack trace is for the log."""
        if isinstance(error, RefusedError):
            own = tuple((name.encode(), value.encode()) for name, value in error.headers)
            return Answer(error.status, error_body(error.message), (*self.usual, *own))
        return Answer(500, _failure(error), self.usual)


def _length(headers: Mapping[bytes, bytes]) -> int | None:
    from slipway_runtime.codec.oip import announced

    return announced(headers.get(b"inference-header-content-length"))


def _read(
    model: "Model", call: Call, body: bytes, length: int | None
) -> "tuple[Inference, Reply, float]":
    started = perf_counter()
    if call.endpoint == "infer":
        inference, reply = model.read(body, length)
    else:
        inference, reply = model.read_simple(body, batch=call.endpoint == "predict_batch")
    return inference, reply, perf_counter() - started


def _write(reply: "Reply", tensors: "list[Tensor]") -> tuple[bytes, tuple[Header, ...], float]:
    started = perf_counter()
    body, headers = reply.write(tensors)
    return body, headers, perf_counter() - started


def _is_small(tensors: "list[Tensor]") -> bool:
    return sum([tensor.size for tensor in tensors]) <= _FEW


def signature_headers(identity: Identity) -> tuple[Header, ...]:
    """Sign answers with the version and the revision that gave them."""
    headers = (
        (b"x-slipway-revision", identity.revision),
        (b"x-slipway-version", identity.version),
    )
    # A version is any text of the user's, a header is not.
    return tuple((name, quote(value, _PLAIN).encode()) for name, value in headers if value)


def _failure(error: Exception) -> bytes:
    if isinstance(error, MemoryError):
        error = OutOfMemoryError("not enough memory for this request")
    if isinstance(error, InferenceError):
        log.error("inference failed: %s", error)
        return error_body(f"inference failed: {error}")
    log.error("a prediction failed", exc_info=error)
    return INTERNAL_ERROR
