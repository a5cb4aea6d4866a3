"""Download one file over HTTP, never trusting where names and redirects lead.

A name is resolved once, every address it has is checked, and the connection goes to a checked
address: a second answer of the name server cannot redirect it. Every redirect starts anew.
"""

import logging
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from socket import AI_ADDRCONFIG, IPPROTO_TCP, gaierror, getaddrinfo
from typing import Final
from urllib.parse import urljoin

import httpx

from slipway_runtime.errors import ModelError, Reason
from slipway_runtime.fetch.policy import Policy, forbidden
from slipway_runtime.fetch.progress import Progress
from slipway_runtime.fetch.uri import HttpSource, origin, parse, refused
from slipway_runtime.fetch.verify import CHUNK, Sink

log = logging.getLogger("slipway")

_ATTEMPTS: Final = 3
_REDIRECTS: Final = 5
_CONNECT_SECONDS: Final = 10
_ERROR_BYTES: Final = 4096
_ERROR_CODE: Final = re.compile(rb"<Code>(\w{1,60})</Code>")
_MOVED: Final = frozenset({301, 302, 303, 307, 308})


@dataclass(frozen=True, slots=True)
class Download:
    """What to get, and how.

    `label` is what messages call it; `patience` and `pause` are seconds without a byte, and
    between two attempts.
    """

    url: str
    policy: Policy
    label: str
    authorization: str | None = None
    hint: str = "is HTTP_AUTHORIZATION right in the Secret of spec.model.credentials.secretName?"
    patience: float = 30.0
    pause: float = 1.0


def download(order: Download, sink: Sink) -> None:
    """Fill the sink; try again when the network, and nothing else, is to blame."""
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            _follow(order, sink, attempt)
        except (httpx.InvalidURL, UnicodeError) as error:
            raise refused(f"{order.label}: a malformed URL: {error}") from None
        except (httpx.TransportError, ConnectionError) as error:
            words = f"{type(error).__name__}: {error}".removesuffix(": ")
            if attempt == _ATTEMPTS:
                raise _failed(f"{order.label}: {words} ({attempt} attempts)") from None
            log.warning("%s: %s; trying again", order.label, words)
            sink.restart()
            time.sleep(order.pause * attempt)
        else:
            return


def _follow(order: Download, sink: Sink, attempt: int) -> None:
    url = order.url
    timeout = httpx.Timeout(order.patience, connect=_CONNECT_SECONDS)
    with httpx.Client(trust_env=False, timeout=timeout) as client:
        for _ in range(_REDIRECTS + 1):
            with _open(client, order, url, attempt) as response:
                if response.status_code not in _MOVED:
                    _expect_file(order, response)
                    _receive(response, sink)
                    return
                url = _next(order, url, response)
    raise _failed(f"{order.label}: more than {_REDIRECTS} redirects")


@contextmanager
def _open(
    client: httpx.Client, order: Download, url: str, attempt: int
) -> Iterator[httpx.Response]:
    order.policy.expect_allowed(url)
    target = httpx.URL(url)
    addresses = _checked_addresses(target)
    address = addresses[(attempt - 1) % len(addresses)]
    request = client.build_request(
        "GET",
        target.copy_with(host=address, username=None, password=None, fragment=None),
        headers=_headers(order, url, target),
        extensions={"sni_hostname": target.host},
    )
    response = client.send(request, stream=True)
    try:
        yield response
    finally:
        response.close()


def _headers(order: Download, url: str, target: httpx.URL) -> dict[str, str]:
    headers = {"host": target.netloc.decode(), "accept-encoding": "identity"}
    if order.authorization and origin(url) == origin(order.url):
        headers["authorization"] = order.authorization
    return headers


def _checked_addresses(target: httpx.URL) -> list[str]:
    try:
        found = getaddrinfo(target.host, None, proto=IPPROTO_TCP, flags=AI_ADDRCONFIG)
    except (gaierror, UnicodeError) as error:
        raise httpx.ConnectError(f"cannot resolve {target.host}: {error}") from None
    addresses = [str(entry[4][0]) for entry in found]
    for address in addresses:
        if kind := forbidden(address):
            raise refused(f"{target.host} leads to {address}, {kind}; models never come from there")
    return addresses


def _next(order: Download, url: str, response: httpx.Response) -> str:
    location = response.headers.get("location", "")
    if not location:
        raise _failed(f"{order.label}: a redirect that leads nowhere; {order.hint}")
    try:
        source = parse(urljoin(url, location))
    except (ModelError, ValueError) as error:
        words = error.message if isinstance(error, ModelError) else "it is malformed"
        raise refused(f"{order.label} redirects to a refused URL: {words}") from None
    if not isinstance(source, HttpSource):
        raise refused(f"{order.label} redirects to another kind of source")
    if url.startswith("https:") and not source.url.startswith("https:"):
        raise refused(f"{order.label} redirects from https to http, which is not allowed")
    return source.url


def _expect_file(order: Download, response: httpx.Response) -> None:
    status = response.status_code
    if status != 200:
        raise _explain(order, status, _error_code(response))
    if response.headers.get("content-encoding", "identity") != "identity":
        raise _failed(f"{order.label}: the server sends it compressed, though asked not to")


def _error_code(response: httpx.Response) -> str | None:
    """Read the one word that S3 servers add; what else a server says is shown to nobody."""
    start = next(response.iter_bytes(_ERROR_BYTES), b"")
    match = _ERROR_CODE.search(start)
    return match[1].decode() if match else None


def _explain(order: Download, status: int, code: str | None) -> ModelError:
    words = f"{order.label}: the server says {status}" + (f" ({code})" if code else "")
    if status in (404, 410) and code in (None, "NoSuchKey", "NoSuchBucket"):
        return ModelError(Reason.MODEL_NOT_FOUND, words)
    if status in (400, 401, 403) or code:
        return _failed(f"{words}; {order.hint}")
    return _failed(words)


def _receive(response: httpx.Response, sink: Sink) -> None:
    announced = response.headers.get("content-length")
    total = int(announced) if announced else None
    if total is not None:
        sink.expect(total)
    progress = Progress(total)
    for chunk in response.iter_raw(CHUNK):
        sink.write(chunk)
        progress.tell(sink.size)


def _failed(words: str) -> ModelError:
    return ModelError(Reason.FETCH_FAILED, words)
