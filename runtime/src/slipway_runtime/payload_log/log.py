"""The payload log of one process: a share of the predictions, on their way to a file or a server.

What is written is decided in `events`, what is noted in `capture`.
"""

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from slipway_runtime.identity import Identity
from slipway_runtime.lifecycle.state import AsgiApp
from slipway_runtime.outbox.file import RotatedFile
from slipway_runtime.outbox.queue import Outbox, Sink
from slipway_runtime.payload_log.capture import Capture
from slipway_runtime.payload_log.events import Occurrence, event
from slipway_runtime.server.settings import PayloadSettings

AUTHORIZATION: Final = "SLIPWAY_PAYLOAD_LOG_AUTHORIZATION"
_BATCH_TYPE: Final = "application/cloudevents-batch+json"
_LARGEST_BATCH: Final = 4 * 1024 * 1024


class PayloadLog:
    """Takes what is noted, and has it written as events."""

    def __init__(
        self, settings: PayloadSettings, identity: Identity, on_drop: Callable[[int], None]
    ) -> None:
        self._share = settings.share
        self._outbox = Outbox(
            "payload log", _Events(identity, *_sink(settings)), settings.queue, on_drop,
            _LARGEST_BATCH,
        )  # fmt: skip

    def around(self, app: AsgiApp) -> AsgiApp:
        """Note a share of the predictions of an application."""
        return Capture(app, self._share, self._outbox.offer)

    def close(self, seconds: float) -> None:
        """Write what is noted, within so many seconds."""
        self._outbox.close(seconds)


def _sink(settings: PayloadSettings) -> tuple[Sink[bytes], bytes]:
    """Choose by what the target looks like; with what each event ends there."""
    if settings.target.startswith(("http://", "https://")):
        return _web(settings.target), b""
    return RotatedFile(Path(settings.target), settings.largest_file), b"\n"


def _web(url: str) -> Sink[bytes]:
    from slipway_runtime.outbox.http import HttpSink  # httpx, which most serve without

    headers = {"content-type": _BATCH_TYPE}
    if authorization := os.environ.get(AUTHORIZATION):
        headers["authorization"] = authorization
    return HttpSink(url, headers)


class _Events:
    """Writes what is noted as events."""

    def __init__(self, identity: Identity, sink: Sink[bytes], end: bytes) -> None:
        self._identity = identity
        self._sink = sink
        self._end = end

    def write(self, batch: Sequence[Occurrence]) -> None:
        self._sink.write([event(self._identity, occurrence) + self._end for occurrence in batch])

    def close(self) -> None:
        self._sink.close()
