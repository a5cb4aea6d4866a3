"""The door to gRPC: opened beside HTTP's where it is asked for, and closed with it.

Imports nothing of gRPC unless it is asked for, and then in a thread: it takes a fifth of a second.
"""

import asyncio
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

from slipway_runtime.grpcserver.settings import GrpcSettings
from slipway_runtime.identity import Identity
from slipway_runtime.lifecycle.state import State
from slipway_runtime.metrics import Metrics
from slipway_runtime.server.admission import Admission, Room
from slipway_runtime.server.auth import Keys
from slipway_runtime.server.settings import TlsSettings

if TYPE_CHECKING:
    from slipway_runtime.grpcserver.server import GrpcServer
    from slipway_runtime.lifecycle.repository import Load


@dataclass(frozen=True, slots=True)
class Process:
    """What gRPC shares with HTTP."""

    identity: Identity
    state: State
    metrics: Metrics
    admission: Admission
    room: Room
    threads: int
    load: "Load | None"
    """Loads the model anew, where clients may ask for it."""
    keys: Keys | None
    open_groups: tuple[str, ...]
    tls: TlsSettings


async def open_endpoint(
    settings: GrpcSettings, host: str | None, process: Process
) -> "GrpcServer | None":
    """Listen, if there is a port for it; raise `StartError` where that cannot be had."""
    if settings.port is None:
        return None
    module = await asyncio.to_thread(import_module, "slipway_runtime.grpcserver.server")
    server: GrpcServer = module.GrpcServer(
        process, settings.message_size or process.admission.largest_body
    )
    await server.start(host, settings.port)
    return server
