"""Real web servers that behave, or misbehave, as a test wants."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

CERTIFICATE = Path(__file__).with_name("models.test.pem")
"""Of the name models.test."""

Handler = Callable[[BaseHTTPRequestHandler], None]


def outside_address() -> str:
    """An address of this machine that is not loopback: the runtime fetches nothing from there."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("198.51.100.1", 9))  # sends nothing: it only asks for a route
        except OSError:
            raise AssertionError(
                "these tests need an address that is not loopback; "
                "`ip address add 198.18.0.1/15 dev lo` makes one"
            ) from None
        return str(probe.getsockname()[0])


class Web:
    """A web server and what it has been asked."""

    def __init__(self, handler: Handler, address: str, tls: bool = False) -> None:
        self.requests: list[BaseHTTPRequestHandler] = []
        web = self

        class Requests(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                web.requests.append(self)
                handler(self)

            do_POST = do_GET  # noqa: N815

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                pass

        self._server = ThreadingHTTPServer((address, 0), Requests)
        self._server.daemon_threads = True
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(CERTIFICATE)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.address = address

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        return f"http://{self.address}:{self.port}"

    @property
    def paths(self) -> list[str]:
        return [request.path for request in self.requests]

    @contextmanager
    def running(self) -> Iterator["Web"]:
        thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()
            thread.join()


@contextmanager
def web(handler: Handler, address: str | None = None, tls: bool = False) -> Iterator[Web]:
    """Run a web server on this machine's outside address."""
    with Web(handler, address or outside_address(), tls).running() as server:
        yield server


def answer(status: int = 200, body: bytes = b"", **headers: str) -> Handler:
    """Answer every request so."""

    def handle(request: BaseHTTPRequestHandler) -> None:
        request.send_response(status)
        for name, value in {"content_length": str(len(body)), **headers}.items():
            request.send_header(name.replace("_", "-"), value)
        request.end_headers()
        request.wfile.write(body)

    return handle
