"""uvicorn's HTTP/1.1 protocol with what it lacks.

Bounds on the size of a request's head and on the time it takes to come, and errors in the words
of every other error here.
"""

import sys
from asyncio import BaseTransport, TimerHandle
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from slipway_runtime.server.answers import error_body
from slipway_runtime.server.settings import LimitSettings


class HeadError(Exception):
    """A request's head is too large."""


class BoundedProtocol(HttpToolsProtocol):
    """One connection."""

    limits: LimitSettings
    _in_head = False
    _began = False
    _head = 0
    _piece = 0
    _head_timer: TimerHandle | None = None

    def connection_made(self, transport: BaseTransport) -> None:
        """Wait for the first request, but not for ever."""
        super().connection_made(transport)  # type: ignore[arg-type]
        self._expect_head()

    def data_received(self, data: bytes) -> None:
        """Feed the parser; give up on a head that does not end."""
        self._piece = len(data)
        self._began = False
        super().data_received(data)
        if self._in_head:
            # Of a piece in which it begins, most may be requests that came whole before it.
            self._count_head(self._parsed() if self._began else self._piece)
        elif self.timeout_keep_alive_task is None and self._idle():
            self._expect_head()  # blank lines, which are allowed there and begin nothing
        elif self._head_timer is not None:
            self._cease_to_expect()

    def _idle(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def _count_head(self, size: int) -> None:
        if self.transport.is_closing():
            return
        self._head += size
        if self._head > self.limits.head:
            self._give_up(431, self._too_large)
        else:
            self._expect_head()

    @property
    def _too_large(self) -> str:
        return f"the request's head is larger than {self.limits.head / 1024:g} KiB"

    def expect_small_head(self) -> None:
        """Refuse a head that is there and too large; raising ends the parser's work."""
        if self._head + self._piece <= self.limits.head:
            return  # as nearly always, and nothing more need be looked at
        if self._parsed() > self.limits.head:
            raise HeadError

    def _parsed(self) -> int:
        return len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)

    def _expect_head(self) -> None:
        if self._head_timer is None:
            self._head_timer = self.loop.call_later(self.limits.head_seconds, self._end_waiting)

    def _cease_to_expect(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _end_waiting(self) -> None:
        """Close a connection on which nothing whole has come; answer where something has."""
        self._head_timer = None
        if self.transport.is_closing():
            return
        if self._in_head:
            seconds = f"{self.limits.head_seconds:g}"
            self._give_up(408, f"the request's head did not arrive within {seconds} seconds")
        else:
            self.transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        self._cease_to_expect()
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        """Begin to count."""
        self._in_head, self._began, self._head = True, True, 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Stop counting."""
        self._in_head = False
        self.expect_small_head()
        super().on_headers_complete()

    def send_400_response(self, msg: str) -> None:
        """Answer what is not HTTP, or what the parser was told to stop at."""
        stopped = getattr(sys.exception(), "__context__", None)
        if isinstance(stopped, HeadError):
            self._give_up(431, self._too_large)
        else:
            self._give_up(400, msg)

    def _give_up(self, status: int, words: str) -> None:
        body = error_body(words)
        head: list[Any] = [
            STATUS_LINE[status],
            b"content-type: application/json\r\nconnection: close\r\n",
            b"content-length: %d\r\n\r\n" % len(body),
        ]
        self.transport.write(b"".join([*head, body]))
        self.transport.close()
