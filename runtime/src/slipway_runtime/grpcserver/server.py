"""The gRPC server: what it listens on, what it tolerates, and how it ends.

On the event loop of the HTTP server, with its limits. Imported only where gRPC is asked for.
grpc.aio, because gRPC's threads, handing over to this loop, took 5 % more processor time a request.
"""

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
from time import time
from typing import Final

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection, reflection_pb2

from slipway_runtime.errors import StartError
from slipway_runtime.grpcserver import health, service
from slipway_runtime.grpcserver.endpoint import Process
from slipway_runtime.grpcserver.health import Health
from slipway_runtime.grpcserver.methods import Methods
from slipway_runtime.grpcserver.predictions import Predictions
from slipway_runtime.grpcserver.protection import Certificates, Guard
from slipway_runtime.grpcserver.service import Service
from slipway_runtime.lifecycle.repository import Repository
from slipway_runtime.messages.pool import POOL

log = logging.getLogger("slipway")

_OPTIONS: Final = (
    # Or a second process could take the same port, and each would get some of the calls.
    ("grpc.so_reuseport", 0),
    ("grpc.max_send_message_length", -1),
    # See compression.py.
    ("grpc.per_message_decompression", 0),
    # Clients may ping as often as they like, also while they ask nothing.
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.max_ping_strikes", 0),
)

_STILL_CALLING: Final = 2.0
"""Seconds after a prediction in which another is expected."""


class GrpcServer:
    """One server, from its first call to its last."""

    def __init__(self, process: Process, message_size: int) -> None:
        state, metrics = process.state, process.metrics
        self._metrics = metrics
        threads = ThreadPoolExecutor(process.threads, thread_name_prefix="grpc-codec")
        self._predictions = predictions = Predictions(
            process.identity, state, metrics, process.admission, process.room, threads, message_size
        )
        repository = Repository(process.identity, state, process.load)
        answers = Service(process.identity, state, metrics, repository)
        self._health = Health(state)
        limit = ("grpc.max_receive_message_length", message_size)
        self._server = grpc.aio.server(
            handlers=(Methods(answers, predictions),),
            interceptors=[Guard(process.keys, process.open_groups)] if process.keys else (),
            options=(*_OPTIONS, limit),
        )
        self._tls = process.tls
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        _reflect(self._server)
        self._following: asyncio.Task[None] | None = None

    async def start(self, host: str | None, port: int) -> int:
        """Listen; return the port."""
        address = f"[{host}]" if host and ":" in host else host or "[::]"
        try:
            port = self._add_port(f"{address}:{port}")
        except RuntimeError:
            raise StartError(f"cannot listen on port {port} for gRPC; is it taken?") from None
        self._following = asyncio.create_task(self._health.follow())
        await self._server.start()
        log.info("gRPC on port %d", port)
        return port

    def _add_port(self, address: str) -> int:
        if not self._tls.files:
            return self._server.add_insecure_port(address)
        return self._server.add_secure_port(address, Certificates(self._tls).credentials())

    @property
    def callers(self) -> int:
        """Whether somebody calls, as far as that can be known: gRPC counts no connections."""
        return int(time() - self._metrics.last < _STILL_CALLING)

    async def stop(self, seconds: float) -> None:
        """Take no new calls, finish those that run, and end."""
        self._predictions.end_streams()
        self._health.end()
        await self._server.stop(seconds)
        if self._following is not None:
            self._following.cancel()


def _reflect(server: grpc.aio.Server) -> None:
    """Tell tools that know nothing of the protocol which calls and messages there are."""
    for file in (health_pb2.DESCRIPTOR, reflection_pb2.DESCRIPTOR):
        POOL.AddSerializedFile(file.serialized_pb)
    names = (service.NAME, health.NAME, reflection.SERVICE_NAME)
    reflection.enable_server_reflection(names, server, POOL)
