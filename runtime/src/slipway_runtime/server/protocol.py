"""uvicorn's HTTP/1.1 protocol with the two things it lacks.

A bound on the size of a request's head, and errors in the words of every other error here.
"""

from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from slipway_runtime.server.answers import error_body

_LARGEST_HEAD: Final = 64 * 1024


class BoundedProtocol(HttpToolsProtocol):
    """One connection."""

    _in_head = False
    _head = 0

    def data_received(self, data: bytes) -> None:
        """Feed the parser; give up on a head that does not end."""
        super().data_received(data)
        if not self._in_head or self.transport.is_closing():
            return
        self._head += len(data)
        if self._head > _LARGEST_HEAD:
            self._give_up(431, f"the request's head is larger than {_LARGEST_HEAD // 1024} KiB")

    def on_message_begin(self) -> None:
        """Begin to count."""
        self._in_head, self._head = True, 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Stop counting."""
        self._in_head = False
        super().on_headers_complete()

    def send_400_response(self, msg: str) -> None:
        """Answer what is not HTTP."""
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
