"""The short way for ordinary predictions: answered by the connection itself, without ASGI.

A small POST to an address that is known in advance, alone on its connection, needs no task, no
scope and no messages. Whatever else comes takes the way through the ASGI application, and so
does what has begun here and does not end in a moment. Decides nothing about predictions.
"""

from asyncio import TimerHandle
from collections.abc import Mapping
from time import perf_counter
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, unquote

from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from slipway_runtime.identity import Identity
from slipway_runtime.lifecycle.state import State
from slipway_runtime.metrics import Metrics
from slipway_runtime.server.access_log import Entry
from slipway_runtime.server.answers import CLIENT_GONE, CLOSE, Answer, Header
from slipway_runtime.server.operation import Operation
from slipway_runtime.server.predictions import SIMPLE, SMALL, Call, Predictions
from slipway_runtime.server.protocol import BoundedProtocol
from slipway_runtime.server.settings import LimitSettings

if TYPE_CHECKING:
    from slipway_runtime.scheduling.job import Job

_PATIENCE: Final = 1.0
"""Seconds until a body that has not wholly come is left to the ASGI application to wait for."""

_ELSEWHERE: Final = frozenset({b"content-encoding", b"expect", b"transfer-encoding", b"upgrade"})
_LONGEST_NUMBER: Final = 9


class FastLane:
    """What the connections of one process share."""

    def __init__(
        self,
        identity: Identity,
        state: State,
        metrics: Metrics,
        predictions: Predictions,
        operation: Operation,
        limits: LimitSettings,
    ) -> None:
        self.state = state
        self.metrics = metrics
        self.predictions = predictions
        self.keys = operation.keys
        self.access_log = operation.access_log
        self.limits = limits
        self.calls = {} if operation.sees_inside else _calls(identity)
        self._default: list[Header] = []
        self._usual = b""

    def head(self, answer: Answer, default: list[Header], closing: bool) -> bytes:
        """Write the lines before a body, in the order in which uvicorn does."""
        if answer.status != 200 or closing or answer.headers is not self.predictions.usual:
            own = (*answer.headers, CLOSE) if closing else answer.headers
            return _head(answer.status, (*default, *own)) + b"%d\r\n\r\n" % len(answer.body)
        if default is not self._default:  # uvicorn makes a new list for a new date
            self._default, self._usual = default, _head(200, (*default, *answer.headers))
        return self._usual + b"%d\r\n\r\n" % len(answer.body)


def _calls(identity: Identity) -> Mapping[bytes, Call]:
    model = f"/v2/models/{quote(identity.name)}"
    version = f"{model}/versions/{quote(identity.version, safe='')}"
    return {
        f"{model}/infer".encode(): Call("infer", identity.name, None),
        f"{version}/infer".encode(): Call("infer", identity.name, identity.version),
        **{path.encode(): Call(name, identity.name, None) for path, name in SIMPLE.items()},
    }


def _head(status: int, headers: tuple[Header, ...]) -> bytes:
    lines = b"".join([b"%s: %s\r\n" % header for header in headers])
    return STATUS_LINE[status] + lines + b"content-length: "


class FastCycle:
    """One prediction on its way; to uvicorn it looks like its own request-response cycle."""

    __slots__ = (
        "_entry", "_lane", "_protocol", "_started", "call", "disconnected", "job", "keep_alive",
        "message_event", "response_complete",
    )  # fmt: skip

    def __init__(self, protocol: "FastProtocol", call: Call) -> None:
        self._protocol = protocol
        self._lane = protocol.lane
        self._started = perf_counter()
        self.call = call
        self.job: Job | None = None
        self.response_complete = False
        self.disconnected = False
        self.keep_alive = True
        self.message_event = self
        self._entry = self._begin_entry()
        self._lane.metrics.began()

    def _begin_entry(self) -> Entry | None:
        """Begin a line in the access log, where there is one."""
        log, protocol = self._lane.access_log, self._protocol
        if log is None:
            return None
        path = unquote(protocol.url.decode())
        return log.begin("POST", path, protocol.headers, protocol.client)

    def set(self) -> None:
        """Hear from uvicorn that the connection is lost: nobody waits any more."""
        if not self.response_complete:
            self._end(CLIENT_GONE)
            if self.job is not None:
                self.job.cancel()

    def deliver(self, answer: Answer) -> None:
        """Send the answer."""
        protocol = self._protocol
        if self.response_complete:
            return
        if protocol.transport.is_closing():
            self._end(CLIENT_GONE)
            return
        self._end(answer.status, len(answer.body))
        if self._entry is not None:
            answer = answer._replace(headers=(*answer.headers, self._entry.header))
        closing = self._lane.state.draining or not self.keep_alive
        head = self._lane.head(answer, protocol.server_state.default_headers, closing)
        protocol.transport.write(head + answer.body)
        if closing:
            protocol.transport.close()
        protocol.on_response_complete()

    def leave(self) -> None:
        """Stand aside for one of uvicorn's own."""
        self.response_complete = True
        self._lane.metrics.left()

    def _end(self, status: int, size: int = 0) -> None:
        self.response_complete = True
        seconds = perf_counter() - self._started
        self._lane.metrics.ended(self.call.endpoint, status, seconds)
        if self._entry is not None:
            self._entry.end(status, self._protocol.received, size)


class FastProtocol(BoundedProtocol):
    """One connection."""

    def __init__(self, lane: FastLane, **options: Any) -> None:
        super().__init__(**options)
        self.lane = lane
        self.limits = lane.limits
        self._fast: FastCycle | None = None
        """The request whose body is being read here."""
        self._json: int | None = None
        self._chunks: list[bytes] = []
        self._patience: TimerHandle | None = None

    def data_received(self, data: bytes) -> None:
        """Feed the parser; a body that has begun here may take a moment to come."""
        super().data_received(data)
        if self._fast is not None and self._patience is None:
            self._patience = self.loop.call_later(_PATIENCE, self._hand_over)

    def on_message_begin(self) -> None:
        """Begin to count and to collect; a scope is made only where it is needed."""
        self._in_head, self._began, self._head = True, True, 0
        self.url = b""
        self.headers = []

    def on_header(self, name: bytes, value: bytes) -> None:
        """Collect; what headers mean is asked when all are there."""
        self.headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        """Choose the lane."""
        self.expect_small_head()
        call = self.lane.calls.get(self.url)
        if call is None or not self._is_ordinary():
            self._leave()
            return
        self._in_head = False
        self._chunks = []
        self._fast = FastCycle(self, call)
        self.cycle = self._fast  # type: ignore[assignment]  # it stands in for uvicorn's own

    def _is_ordinary(self) -> bool:
        parser, cycle = self.parser, self.cycle
        return (
            self.lane.state.ready
            and parser.get_method() == b"POST"
            and (cycle is None or cycle.response_complete)
            and not self.flow.write_paused
            and parser.should_keep_alive()
            and self._is_small()
            and (self.lane.keys is None or self.lane.keys.allowed(self.headers))
        )

    def _is_small(self) -> bool:
        """Whether the headers announce a body that is read here, and nothing unusual."""
        length = SMALL + 1
        self._json = None
        for name, value in self.headers:
            if name == b"content-length":
                length = int(value) if len(value) <= _LONGEST_NUMBER else length
            elif name == b"inference-header-content-length":
                if not value.isdigit() or len(value) > _LONGEST_NUMBER:
                    return False
                self._json = int(value)
            elif name in _ELSEWHERE or (name == b"accept-encoding" and b"," not in value):
                return False
        return length <= SMALL

    def _leave(self) -> None:
        """Begin again as uvicorn does it, with the head that has been read."""
        url, headers = self.url, self.headers
        super().on_message_begin()
        self.url = url
        for name, value in headers:
            super().on_header(name, value)
        super().on_headers_complete()

    def _hand_over(self) -> None:
        """Leave what has begun here to the ASGI application."""
        fast = self._fast
        if fast is None:
            return
        self._stop_reading()
        fast.leave()
        self._leave()
        self.cycle.keep_alive &= fast.keep_alive
        for chunk in self._chunks:
            super().on_body(chunk)

    def _stop_reading(self) -> None:
        self._fast = None
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    @property
    def received(self) -> int:
        """Count the bytes of the body that was read here last."""
        return sum(map(len, self._chunks))

    def on_body(self, body: bytes) -> None:
        """Collect."""
        if self._fast is None:
            super().on_body(body)
        else:
            self._chunks.append(body)

    def on_message_complete(self) -> None:
        """Answer."""
        fast = self._fast
        if fast is None:
            super().on_message_complete()
            return
        self._stop_reading()
        body = self._chunks[0] if len(self._chunks) == 1 else b"".join(self._chunks)
        fast.job = self.lane.predictions.begin(fast.call, body, self._json, fast.deliver)

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting."""
        self._stop_reading()
        super().connection_lost(exc)
