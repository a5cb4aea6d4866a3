"""grpc.health.v1: what kubelets and proxies ask. It follows the state of the process."""

import asyncio
from typing import Any, Final

from grpc_health.v1 import health_pb2
from grpc_health.v1.health import aio

from slipway_runtime.grpcserver import service
from slipway_runtime.lifecycle.state import State

NAME: Final = health_pb2.DESCRIPTOR.services_by_name["Health"].full_name
_SERVICES: Final = ("", service.NAME)
_SERVING: Final = health_pb2.HealthCheckResponse.SERVING
_NOT_SERVING: Final = health_pb2.HealthCheckResponse.NOT_SERVING


class Health(aio.HealthServicer):
    """gRPC's own servicer, whose watches end when the server does."""

    def __init__(self, state: State) -> None:
        super().__init__()
        self._state = state
        self._changed = asyncio.Event()
        self._ended = asyncio.Event()

    async def follow(self) -> None:
        """Tell every change of the state, for ever."""
        loop = asyncio.get_running_loop()

        def tell() -> None:
            loop.call_soon_threadsafe(self._changed.set)

        self._state.watch(tell)
        while True:
            self._changed.clear()
            status = _SERVING if self._state.ready else _NOT_SERVING
            for name in _SERVICES:
                await self.set(name, status)
            await self._changed.wait()

    async def Watch(self, request: Any, context: Any) -> None:  # noqa: N802
        """Tell one client every change, until the server ends."""
        watching = asyncio.ensure_future(super().Watch(request, context))
        ended = asyncio.ensure_future(self._ended.wait())
        try:
            await asyncio.wait((watching, ended), return_when=asyncio.FIRST_COMPLETED)
        finally:
            watching.cancel()
            ended.cancel()

    def end(self) -> None:
        """End all watches, or the server would wait for them."""
        self._ended.set()
