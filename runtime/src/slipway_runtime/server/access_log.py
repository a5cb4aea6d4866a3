"""One line of JSON for each request. Never a body, a query or a key.

Lines are written by a thread of their own: a request only leaves a note. Where notes come faster
than lines can be written they are dropped and counted.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from os import urandom
from pathlib import Path
from time import perf_counter, time
from typing import Final

import orjson

from slipway_runtime.lifecycle.state import AsgiApp
from slipway_runtime.outbox.file import RotatedFile, StandardOutput
from slipway_runtime.outbox.queue import Outbox, Sink
from slipway_runtime.server.answers import CLIENT_GONE, Header, Message, Receive, Send
from slipway_runtime.server.paths import HEALTH, METRICS
from slipway_runtime.server.settings import AccessLogSettings

STANDARD_OUTPUT: Final = "-"
REQUEST_ID: Final = b"x-request-id"

_QUEUE: Final = 8 * 1024 * 1024
_LARGEST_BATCH: Final = 1024 * 1024
_LARGEST_FILE: Final = 100 * 1024 * 1024
_NOTE_BYTES: Final = 512
_SOUND_ID: Final = re.compile(rb"[\x21-\x7e]{1,128}")


Client = tuple[str, int] | None


@dataclass(frozen=True, slots=True)
class Note:
    """What one line says."""

    began: float
    """Seconds since 1970."""

    method: str
    path: str
    status: int
    seconds: float
    bytes_in: int
    bytes_out: int
    request_id: str
    client: str


class AccessLog:
    """The log of one process."""

    def __init__(
        self, settings: AccessLogSettings, revision: str, on_drop: Callable[[int], None]
    ) -> None:
        self._probes = settings.probes
        self._outbox = Outbox(
            "access log", _Lines(_sink(settings), revision), _QUEUE, on_drop, _LARGEST_BATCH
        )

    def wants(self, path: str) -> bool:
        """Whether requests of this path are in the log."""
        return self._probes or not (HEALTH.fullmatch(path) or METRICS.fullmatch(path))

    def begin(self, method: str, path: str, headers: Sequence[Header], client: Client) -> "Entry":
        """Take note that a request has come."""
        return Entry(self, method, path, request_id(headers), client)

    def write(self, note: Note) -> None:
        """Leave a note, at once."""
        self._outbox.offer(note, _NOTE_BYTES + len(note.path))

    def close(self, seconds: float) -> None:
        """Write what is noted, within so many seconds."""
        self._outbox.close(seconds)


class Entry:
    """A request that has come and is not over."""

    __slots__ = ("_began", "_client", "_id", "_log", "_method", "_path", "_started")

    def __init__(
        self, log: AccessLog, method: str, path: str, request_id: bytes, client: Client
    ) -> None:
        self._log = log
        self._began, self._started = time(), perf_counter()
        self._method = method
        self._path = path
        self._id = request_id
        self._client = client[0] if client else ""

    @property
    def header(self) -> Header:
        """Tell the client the request's id."""
        return REQUEST_ID, self._id

    def end(self, status: int, bytes_in: int, bytes_out: int) -> None:
        """Have the line written."""
        self._log.write(
            Note(
                began=self._began,
                method=self._method,
                path=self._path,
                status=status,
                seconds=perf_counter() - self._started,
                bytes_in=bytes_in,
                bytes_out=bytes_out,
                request_id=self._id.decode(),
                client=self._client,
            )
        )


def _sink(settings: AccessLogSettings) -> Sink[bytes]:
    if settings.target == STANDARD_OUTPUT:
        return StandardOutput()
    return RotatedFile(Path(settings.target), _LARGEST_FILE)


class _Lines:
    """Turns notes into lines."""

    def __init__(self, sink: Sink[bytes], revision: str) -> None:
        self._sink = sink
        self._revision = revision

    def write(self, batch: Sequence[Note]) -> None:
        self._sink.write([line(note, self._revision) for note in batch])

    def close(self) -> None:
        self._sink.close()


def line(note: Note, revision: str) -> bytes:
    """Write one line."""
    began = datetime.fromtimestamp(note.began, UTC).isoformat(timespec="milliseconds")
    return orjson.dumps(
        {
            "time": began.replace("+00:00", "Z"),
            "method": note.method,
            "path": note.path,
            "status": note.status,
            "milliseconds": round(note.seconds * 1000, 3),
            "bytes_in": note.bytes_in,
            "bytes_out": note.bytes_out,
            "request_id": note.request_id,
            "revision": revision,
            "client": note.client,
        },
        option=orjson.OPT_APPEND_NEWLINE,
    )


def request_id(headers: Sequence[Header]) -> bytes:
    """Take the request's own id where it is sound, or make one."""
    for name, value in headers:
        if name == REQUEST_ID and _SOUND_ID.fullmatch(value):
            return value
    return urandom(8).hex().encode()


class Logged:
    """Notes each request to an ASGI application, and gives its id back with the answer."""

    def __init__(self, app: AsgiApp, log: AccessLog) -> None:
        self._app = app
        self._log = log

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer a request and note it."""
        if not self._log.wants(scope["path"]):
            await self._app(scope, receive, send)
            return
        entry = self._log.begin(scope["method"], scope["path"], scope["headers"], scope["client"])
        exchange = _Exchange(receive, send, entry.header)
        try:
            await self._app(scope, exchange.receive, exchange.send)
        finally:
            entry.end(exchange.status, exchange.bytes_in, exchange.bytes_out)


class _Exchange:
    """The two sides of a request, counted."""

    def __init__(self, receive: Receive, send: Send, header: Header) -> None:
        self._receive = receive
        self._send = send
        self._header = header
        self.status = CLIENT_GONE
        self.bytes_in = 0
        self.bytes_out = 0

    async def receive(self) -> Message:
        message = await self._receive()
        self.bytes_in += len(message.get("body", b""))
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message["headers"] = [*message["headers"], self._header]
        else:
            self.bytes_out += len(message.get("body", b""))
        await self._send(message)
