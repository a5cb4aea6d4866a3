"""One process that serves one model: listen at once, load in a thread, drain, end.

The order matters: the liveness probe is answered before the model's libraries are imported.
"""

import asyncio
import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, Final

import uvicorn
import uvloop

from slipway_runtime import __version__, cgroup
from slipway_runtime.errors import ModelError, Reason
from slipway_runtime.grpcserver.endpoint import Process, open_endpoint
from slipway_runtime.lifecycle import memory
from slipway_runtime.lifecycle.drain import drain
from slipway_runtime.lifecycle.state import AsgiApp, Phase, State
from slipway_runtime.metrics import Metrics
from slipway_runtime.server.admission import Admission, Room
from slipway_runtime.server.asgi import Application
from slipway_runtime.server.fast_lane import FastLane, FastProtocol
from slipway_runtime.server.opening import Opening
from slipway_runtime.server.operation import Operation
from slipway_runtime.server.predictions import Predictions
from slipway_runtime.settings import ServeSettings

if TYPE_CHECKING:  # only where it is asked for
    from slipway_runtime.grpcserver.server import GrpcServer

log = logging.getLogger("slipway")

_BACKLOG: Final = 2048
_KEEP_ALIVE_SECONDS: Final = 620
"""Longer than any usual proxy keeps an idle connection, so that never the server closes first."""

_LAST_REQUESTS_SECONDS: Final = 35
"""For requests still running when listening ends; with the drain it fits into a pod's 60 s."""

_SWITCH_INTERVAL: Final = 0.0005
"""A thread that decodes JSON must not keep a finished inference waiting for Python's lock."""


class Server(uvicorn.Server):
    """uvicorn with Slipway's way to end: SIGTERM drains first, SIGINT ends at once."""

    def __init__(self, config: uvicorn.Config, state: State, drain_seconds: float) -> None:
        super().__init__(config)
        self._state = state
        self._drain_seconds = drain_seconds
        self._draining: asyncio.Task[None] | None = None
        self.grpc: GrpcServer | None = None

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Take the signals from the loop instead: at once, and without dying of them later."""
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, self.begin_to_end)
        loop.add_signal_handler(signal.SIGINT, self.stop)
        yield

    def begin_to_end(self) -> None:
        """Stop being ready, keep answering, then stop."""
        if self._draining is not None:
            return
        served = self._state.model is not None
        self._state.advance(Phase.DRAINING)
        log.info("draining: no longer ready, still answering")
        self._draining = asyncio.create_task(self._drain(self._drain_seconds if served else 0))

    async def _drain(self, seconds: float) -> None:
        await drain(self._callers, seconds)
        self.stop()

    def _callers(self) -> int:
        over_grpc = self.grpc.callers if self.grpc else 0
        return len(self.server_state.connections) + over_grpc

    def stop(self) -> None:
        """Stop listening, finish what runs, and end."""
        self._state.advance(Phase.DRAINING)
        self.should_exit = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End HTTP and gRPC side by side: each has its last requests."""
        ending = [super().shutdown(sockets)]
        if self.grpc is not None:
            ending.append(self.grpc.stop(_LAST_REQUESTS_SECONDS))
        await asyncio.gather(*ending)


def serve(settings: ServeSettings) -> None:
    """Serve until told to end; raise `ModelError` when there is nothing to serve."""
    sys.setswitchinterval(_SWITCH_INTERVAL)
    listener = _listen(settings.host, settings.port)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        loaded = runner.run(_serve(settings, listener))
    if not loaded.done():
        # Ended while loading: a thread inside onnxruntime cannot be stopped, nor outlive Python.
        os._exit(0)
    loaded.result()


async def _serve(settings: ServeSettings, listener: socket.socket) -> Future[None]:
    limits = cgroup.limits()
    state = State()
    metrics = Metrics(settings.identity, lambda: state.ready)
    who, room = settings.identity, Room(_memory(limits))
    predictions = Predictions(who, state, metrics, room, limits.threads)
    operation = Operation(settings.operation, who, state, metrics.registry)
    admission = Admission(_memory(limits), settings.limits)
    app = Application(who, state, metrics, admission, predictions)
    lane = FastLane(who, state, metrics, predictions, operation, settings.limits)
    config = _config(operation.around(app), lane)
    if operation.certificates is not None:
        config.load()
        config.ssl = operation.certificates.context
    server = Server(config, state, settings.drain_seconds)
    loop = asyncio.get_running_loop()
    loaded: Future[None] = Future()
    loaded.add_done_callback(
        lambda done: loop.call_soon_threadsafe(server.stop) if done.exception() else None
    )
    opening = Opening(settings, limits, state, metrics, operation.reloaded)
    process = Process(
        who,
        state,
        metrics,
        admission,
        room,
        limits.threads,
        load=opening.load if settings.model_control else None,
        keys=operation.keys,
        open_groups=settings.operation.auth.open,
        tls=settings.operation.tls,
    )
    server.grpc = await open_endpoint(settings.grpc, settings.host, process)
    memory.bound(limits)
    threading.Thread(target=_settle, args=(loaded, opening.run), daemon=True).start()
    operation.start(opening.reloader, settings.path)
    log.info("slipway-runtime %s: listening on port %d", __version__, listener.getsockname()[1])
    try:
        await server.serve(sockets=[listener])
    finally:
        await operation.close()
    return loaded


def _settle(future: Future[None], work: Callable[[], None]) -> None:
    try:
        work()
    except ModelError as error:
        future.set_exception(error)
    except Exception as error:
        log.error("unexpected error while loading", exc_info=error)
        future.set_exception(ModelError(Reason.LOAD_FAILED, f"{type(error).__name__}: {error}"))
    else:
        future.set_result(None)


def _config(app: AsgiApp, lane: FastLane) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=partial(FastProtocol, lane),  # type: ignore[arg-type]  # called as a class would be
        ws="none",
        lifespan="off",
        interface="asgi3",
        access_log=False,
        log_config=None,
        proxy_headers=False,
        server_header=False,
        backlog=_BACKLOG,
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=_LAST_REQUESTS_SECONDS,
    )


def _memory(limits: cgroup.Limits) -> int:
    physical = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return min(physical, limits.memory or physical)


def _listen(host: str | None, port: int) -> socket.socket:
    try:
        return _bind(host, port)
    except OSError as error:
        raise SystemExit(f"slipway-runtime: cannot listen on port {port}: {error}") from None


def _bind(host: str | None, port: int) -> socket.socket:
    if host is not None:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=family, backlog=_BACKLOG)
    if socket.has_dualstack_ipv6():
        with suppress(OSError):  # compiled in, but switched off on this host
            return socket.create_server(
                ("::", port), family=socket.AF_INET6, dualstack_ipv6=True, backlog=_BACKLOG
            )
    return socket.create_server(("0.0.0.0", port), backlog=_BACKLOG)  # noqa: S104
