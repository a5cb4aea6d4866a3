"""Certificates from files, exchanged while connections go on.

Each new connection gets the newest pair that was found to be in order; a pair that is not in
order is told of and left alone.
"""

import asyncio
import logging
import ssl

from slipway_runtime.errors import StartError
from slipway_runtime.server.settings import TlsSettings
from slipway_runtime.watching import Watch

log = logging.getLogger("slipway")


class TlsError(StartError):
    """The files cannot be served with."""


class Certificates:
    """The context that connections are accepted with, and what it stands for now."""

    def __init__(self, settings: TlsSettings) -> None:
        self._settings = settings
        self._newest = context(settings)
        self.context = context(settings)
        self.context.sni_callback = self._choose

    def _choose(self, connection: ssl.SSLObject, _name: str | None, _: ssl.SSLContext) -> None:
        connection.context = self._newest

    async def follow(self, watch: Watch) -> None:
        """Serve with new files as they come; keep the old ones while the new are not in order."""
        async for _ in watch.changes():
            try:
                self._newest = await asyncio.to_thread(context, self._settings)
            except TlsError as error:
                log.error("the certificate from before is still served: %s", error)
            else:
                log.info("a new certificate is served")


def context(settings: TlsSettings) -> ssl.SSLContext:
    """Read the files; raise `TlsError` where they do not belong together."""
    if settings.certificate is None:
        raise TlsError("a key or a client CA without a certificate needs --tls-certificate too")
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    made.set_alpn_protocols(["http/1.1"])
    try:
        made.load_cert_chain(settings.certificate, settings.key, _no_password)
        if settings.client_ca is not None:
            made.load_verify_locations(settings.client_ca)
            made.verify_mode = ssl.CERT_REQUIRED
            # A resumed session would not be asked for its certificate again.
            made.options |= ssl.OP_NO_TICKET
            made.num_tickets = 0
    except (OSError, ssl.SSLError, ValueError) as error:
        files = ", ".join(map(str, settings.files))
        raise TlsError(f"TLS cannot be served with {files}: {error}") from None
    return made


def _no_password() -> str:
    raise ValueError("the key needs a password; give a key without one")
