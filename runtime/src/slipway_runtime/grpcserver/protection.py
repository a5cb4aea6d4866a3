"""Who may call, and how calls are encrypted: with the keys and certificates that HTTP has."""

import logging
import re
from collections.abc import Awaitable, Callable, Collection
from typing import Any, Final, TypeAlias

import grpc

from slipway_runtime.errors import StartError
from slipway_runtime.grpcserver.status import refusing
from slipway_runtime.server.auth import REFUSED, Keys
from slipway_runtime.server.settings import TlsSettings
from slipway_runtime.server.tls import context
from slipway_runtime.watching import stamp

log = logging.getLogger("slipway")

_HEALTH: Final = re.compile(
    r"/grpc\.health\.v1\.Health/\w+"
    r"|/inference\.GRPCInferenceService/(?:ServerLive|ServerReady|ModelReady)"
)
_OPEN: Final = {"health": _HEALTH}

Handler: TypeAlias = "grpc.RpcMethodHandler[Any, Any] | None"
Find: TypeAlias = "Callable[[grpc.HandlerCallDetails], Awaitable[Handler]]"


class Guard(grpc.aio.ServerInterceptor):
    """Lets nobody pass without a key."""

    def __init__(self, keys: Keys, open_groups: Collection[str]) -> None:
        self._keys = keys
        self._open = [_OPEN[group] for group in open_groups if group in _OPEN]

    async def intercept_service(
        self, continuation: Find, handler_call_details: grpc.HandlerCallDetails
    ) -> "Handler":
        """Find who answers, or refuse without having read the message."""
        if self._is_open(handler_call_details.method) or self._has_key(handler_call_details):
            return await continuation(handler_call_details)
        return refusing(REFUSED)

    def _is_open(self, path: str) -> bool:
        return any(pattern.fullmatch(path) for pattern in self._open)

    def _has_key(self, details: grpc.HandlerCallDetails) -> bool:
        metadata = details.invocation_metadata or ()
        return self._keys.allowed(
            (name.encode(), value if isinstance(value, bytes) else value.encode())
            for name, value in metadata
        )


class Certificates:
    """The files of HTTP's certificates, read again by new connections when they are new."""

    def __init__(self, settings: TlsSettings) -> None:
        self._settings = settings
        self._seen = self._look()

    def credentials(self) -> grpc.ServerCredentials:
        """Serve with them; raise `StartError` where they do not belong together."""
        context(self._settings)
        return grpc.dynamic_ssl_server_credentials(
            _read(self._settings),
            self._newer,  # type: ignore[arg-type]  # None is allowed
            require_client_authentication=self._settings.client_ca is not None,
        )

    def _look(self) -> tuple[object, ...]:
        return tuple(map(stamp, self._settings.files))

    def _newer(self) -> grpc.ServerCertificateConfiguration | None:
        """Give gRPC what it asks for at each new connection; None: what it has is right."""
        now = self._look()
        if now == self._seen:
            return None
        self._seen = now
        try:
            context(self._settings)
            return _read(self._settings)
        except (OSError, StartError) as error:
            log.error("gRPC still serves the certificate from before: %s", error)
            return None


def _read(settings: TlsSettings) -> grpc.ServerCertificateConfiguration:
    chain, *_ = (file.read_bytes() for file in settings.files)
    key = settings.key.read_bytes() if settings.key else chain
    authority = settings.client_ca.read_bytes() if settings.client_ca else None
    return grpc.ssl_server_certificate_configuration([(key, chain)], authority)
