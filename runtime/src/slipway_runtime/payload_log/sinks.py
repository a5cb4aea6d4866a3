"""From occurrences to a file's lines or a web server's batches, by what the target looks like."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from slipway_runtime.outbox.file import RotatedFile
from slipway_runtime.outbox.queue import Outbox, Sink
from slipway_runtime.payload_log.events import Occurrence, Source, event

AUTHORIZATION: Final = "SLIPWAY_PAYLOAD_LOG_AUTHORIZATION"
_BATCH_TYPE: Final = "application/cloudevents-batch+json"
_LARGEST_BATCH: Final = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class PayloadSettings:
    """Where payloads are logged to, which share of them, and how much may wait."""

    target: str = ""
    """A file or an http(s) URL; empty: nowhere."""

    share: float = 1.0
    queue: int = 16 * 1024 * 1024
    largest_file: int = 100 * 1024 * 1024


class _Events:
    """Writes events about one model to a sink of bytes."""

    def __init__(self, source: Source, sink: Sink[bytes], end: bytes) -> None:
        self._source = source
        self._sink = sink
        self._end = end

    def write(self, batch: Sequence[Occurrence]) -> None:
        self._sink.write([event(self._source, occurrence) + self._end for occurrence in batch])

    def close(self) -> None:
        self._sink.close()


def start(
    settings: PayloadSettings, source: Source, on_drop: Callable[[int], None]
) -> Outbox[Occurrence]:
    """Begin to take occurrences."""
    if settings.target.startswith(("http://", "https://")):
        sink = _Events(source, _web(settings.target), b"")
    else:
        sink = _Events(source, RotatedFile(Path(settings.target), settings.largest_file), b"\n")
    return Outbox("payload log", sink, settings.queue, on_drop, _LARGEST_BATCH)


def _web(url: str) -> Sink[bytes]:
    from slipway_runtime.outbox.http import HttpSink  # imports httpx, which most do without

    headers = {"content-type": _BATCH_TYPE}
    if authorization := os.environ.get(AUTHORIZATION):
        headers["authorization"] = authorization
    return HttpSink(url, headers)
