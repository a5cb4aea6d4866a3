"""Who may ask: keys from files, one a line, of which a request must show one.

Every comparison takes the same time whatever the key, and whichever of the keys it is. Knows
nothing of sockets: HTTP and gRPC both ask `allowed`.
"""

import asyncio
import logging
from collections.abc import Iterable
from hashlib import sha256
from hmac import compare_digest
from pathlib import Path
from typing import Final

from slipway_runtime.errors import RefusedError, StartError
from slipway_runtime.lifecycle.state import AsgiApp
from slipway_runtime.server.answers import Message, Receive, Send
from slipway_runtime.server.early import refuse_early
from slipway_runtime.server.paths import HEALTH, METRICS
from slipway_runtime.watching import Watch

log = logging.getLogger("slipway")

Headers = Iterable[tuple[bytes, bytes]]

_SHORTEST: Final = 16
"""Characters; what is shorter can be guessed."""

OPEN: Final = {"health": HEALTH, "metrics": METRICS}
"""Paths that can be answered to everybody: a kubelet and a Prometheus have no key."""


class KeysError(StartError):
    """The keys cannot be used."""


class Keys:
    """The keys that are valid now."""

    def __init__(self, files: tuple[Path, ...]) -> None:
        self._files = files
        self._digests = read(files)

    def allowed(self, headers: Headers) -> bool:
        """Whether these headers, their names in lower case, show a valid key."""
        shown = sha256(_shown(headers)).digest()
        found = False
        for valid in self._digests:
            found |= compare_digest(shown, valid)
        return found

    async def follow(self, watch: Watch) -> None:
        """Take new keys as the files change; keep the old ones while the new cannot be read."""
        async for _ in watch.changes():
            try:
                self._digests = await asyncio.to_thread(read, self._files)
            except KeysError as error:
                log.error("the keys from before stay valid: %s", error)
            else:
                log.info("%d keys are valid now", len(self._digests))


def read(files: tuple[Path, ...]) -> tuple[bytes, ...]:
    """Read the keys, as digests: all are of one length, and none can be printed by accident."""
    keys = [key for file in files for key in _lines(file)]
    if not keys:
        raise KeysError(f"no key in {', '.join(map(str, files))}; one a line is expected")
    return tuple(sha256(key).digest() for key in dict.fromkeys(keys))


def _lines(file: Path) -> list[bytes]:
    try:
        lines = [line.strip() for line in file.read_bytes().splitlines()]
    except OSError as error:
        raise KeysError(f"{file} cannot be read: {error.strerror}") from None
    keys = [line for line in lines if line and not line.startswith(b"#")]
    if any(len(key) < _SHORTEST for key in keys):
        raise KeysError(
            f"{file} has a key of less than {_SHORTEST} characters; "
            "`openssl rand -hex 32` makes a good one"
        )
    return keys


def _shown(headers: Headers) -> bytes:
    """Find the key that a request shows; empty, which no key is, where it shows none."""
    for name, value in headers:
        if name == b"authorization":
            scheme, _, token = value.partition(b" ")
            if scheme.lower() == b"bearer":
                return token.strip()
        elif name == b"x-api-key":
            return value.strip()
    return b""


REFUSED: Final = RefusedError(
    401,
    "a key is needed: send 'Authorization: Bearer KEY' or 'X-API-Key: KEY'",
    (("www-authenticate", 'Bearer realm="slipway"'),),
)


class Guard:
    """Stands before an ASGI application and lets nobody pass without a key."""

    def __init__(self, app: AsgiApp, keys: Keys, open_groups: Iterable[str]) -> None:
        self._app = app
        self._keys = keys
        self._open = [OPEN[group] for group in open_groups]

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer, or refuse without having read the body."""
        if self._is_open(scope["path"]) or self._keys.allowed(scope["headers"]):
            await self._app(scope, receive, send)
        else:
            await refuse_early(receive, send, REFUSED)

    def _is_open(self, path: str) -> bool:
        return any(pattern.fullmatch(path) for pattern in self._open)
