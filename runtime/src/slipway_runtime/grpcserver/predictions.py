"""ModelInfer and ModelStreamInfer: from a message's bytes to those of its answer.

The scheduler runs what these calls ask for; cancelling a call, or its deadline, cancels the work.
Small messages are read and written on the event loop, large ones in threads.
"""

import asyncio
from asyncio import CancelledError
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Executor
from time import perf_counter
from typing import Final, ParamSpec, TypeVar

from slipway_runtime.codec import grpc as codec
from slipway_runtime.codec import grpc_wire
from slipway_runtime.codec.grpc import Answer
from slipway_runtime.codec.grpc_wire import Parts
from slipway_runtime.errors import RefusedError, unavailable
from slipway_runtime.grpcserver.compression import bound, inflate, is_compressed
from slipway_runtime.grpcserver.status import Context, abort, refusal
from slipway_runtime.grpcserver.stream import Stream
from slipway_runtime.identity import Identity
from slipway_runtime.inference import Inference
from slipway_runtime.lifecycle.state import State
from slipway_runtime.metrics import Metrics
from slipway_runtime.model import Model
from slipway_runtime.scheduling.scheduler import Scheduler
from slipway_runtime.server.admission import Admission, Room
from slipway_runtime.server.predictions import signature_headers
from slipway_runtime.signature import Tensor

_CANCELLED: Final = 499
_LATE: Final = 504

_CHEAP: Final = 2 * 1024 * 1024
"""Memory for a request that is read on the event loop: a millisecond or two of work."""

_SHORT: Final = 4 * 1024 * 1024
"""Bytes of an answer that is written there."""

_TEXT: Final = 256
"""Bytes of numbers that are copied while one text is encoded."""

_Given = ParamSpec("_Given")
_Made = TypeVar("_Made")


class Predictions:
    """Answers predictions of one process."""

    def __init__(
        self,
        identity: Identity,
        state: State,
        metrics: Metrics,
        admission: Admission,
        room: Room,
        threads: Executor,
        largest: int,
    ) -> None:
        self._signed = tuple(
            (name.decode(), value.decode()) for name, value in signature_headers(identity)
        )
        self._state = state
        self._metrics = metrics
        self._admission = admission
        self._room = room
        self._threads = threads
        self._largest = largest
        self._streams: set[Stream] = set()

    async def infer(self, message: bytes, context: Context) -> bytes:
        """Answer one call."""
        context.set_trailing_metadata(self._signed)
        answer = await self._counted("grpc", message, context)
        if isinstance(answer, RefusedError):
            await abort(context, answer)
        return answer

    async def stream(self, messages: AsyncIterator[bytes], context: Context) -> None:
        """Answer all requests of a stream, in their order; several are on their way at once."""
        context.set_trailing_metadata(self._signed)
        stream = Stream(messages, context)
        self._streams.add(stream)
        try:
            await stream.answer_all(self._in_stream)
        finally:
            self._streams.discard(stream)
        if stream.ended:
            await abort(context, unavailable("the server ends; open a new stream"))

    def end_streams(self) -> None:
        """Take no more requests from the streams that are open."""
        for stream in self._streams:
            stream.end()

    async def _in_stream(self, message: bytes, context: Context) -> bytes:
        answer = await self._counted("grpc_stream", message, context)
        if isinstance(answer, RefusedError):
            return codec.error_in_stream(answer.message, codec.id_of(message))
        return codec.in_stream(answer)

    async def _counted(
        self, endpoint: str, message: bytes, context: Context
    ) -> bytes | RefusedError:
        started = perf_counter()
        status = _CANCELLED
        self._metrics.began()
        try:
            answer = await self._answer(message, context.time_remaining())
            status = 200
        except CancelledError:
            status = _LATE if context.time_remaining() == 0 else _CANCELLED
            raise
        except Exception as error:
            refused = refusal(error)
            status = refused.status
            return refused
        finally:
            self._metrics.ended(endpoint, status, perf_counter() - started)
        return answer

    async def _answer(self, message: bytes, patience: float | None) -> bytes:
        size = bound(message, self._largest)
        self._admission.hold(size)
        try:
            if is_compressed(message):
                message = await self._in_thread(inflate, message, self._largest)
            return await self._predict(grpc_wire.split(message), patience)
        finally:
            self._admission.release(size)

    async def _predict(self, parts: Parts, patience: float | None) -> bytes:
        model, scheduler = self._serving()
        memory = codec.cost(parts, model.form)
        if memory <= _CHEAP:
            inference, answer = self._read(parts, model, patience)
            return await self._written(answer, await scheduler.run(model, inference))
        async with self._room.take(memory):
            inference, answer = await self._in_thread(self._read, parts, model, patience)
            return await self._written(answer, await scheduler.run(model, inference))

    def _serving(self) -> tuple[Model, Scheduler]:
        model, scheduler = self._state.model, self._state.scheduler
        if model is None or scheduler is None:
            raise unavailable(f"not ready: {self._state.words}")
        return model, scheduler

    def _read(self, parts: Parts, model: Model, patience: float | None) -> tuple[Inference, Answer]:
        started = perf_counter()
        read = codec.read(parts, model.form, patience)
        self._metrics.decode.observe(perf_counter() - started)
        return read

    async def _written(self, answer: Answer, tensors: list[Tensor]) -> bytes:
        if sum(map(_effort, tensors)) <= _SHORT:
            return self._write(answer, tensors)
        return await self._in_thread(self._write, answer, tensors)

    def _write(self, answer: Answer, tensors: list[Tensor]) -> bytes:
        started = perf_counter()
        message, _ = answer.write(tensors)
        self._metrics.encode.observe(perf_counter() - started)
        return message

    async def _in_thread(
        self, work: Callable[_Given, _Made], *given: _Given.args, **_: _Given.kwargs
    ) -> _Made:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, work, *given)


def _effort(tensor: Tensor) -> int:
    return tensor.size * _TEXT if tensor.dtype == object else tensor.nbytes
