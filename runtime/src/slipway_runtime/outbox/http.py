"""Batches of events to a web server, with a few attempts and short patience.

Meant for the thread of an `Outbox`: it blocks while the server is slow, and raises when it is
dead. Redirects are not followed: credentials go where they were meant to.
"""

from collections.abc import Callable, Mapping, Sequence
from time import sleep
from typing import Final

import httpx

_PAUSES: Final = (0.0, 0.5, 2.0)
_SECONDS: Final = 10.0
_LATER: Final = frozenset({429, 500, 502, 503, 504})


class HttpSink:
    """A web address that takes JSON arrays of events."""

    def __init__(
        self, url: str, headers: Mapping[str, str], pause: Callable[[float], object] = sleep
    ) -> None:
        self._url = url
        self._pause = pause
        self._client = httpx.Client(headers=dict(headers), timeout=_SECONDS, trust_env=False)

    def write(self, batch: Sequence[bytes]) -> None:
        """Deliver one JSON array; raise `OSError` where no attempt succeeds."""
        body = b"[" + b",".join(batch) + b"]"
        words = ""
        for seconds in _PAUSES:
            self._pause(seconds)
            words = self._post(body)
            if not words:
                return
        raise OSError(words)

    def _post(self, body: bytes) -> str:
        """Say what went wrong, or nothing; raise what another attempt would not change."""
        try:
            status = self._client.post(self._url, content=body).status_code
        except httpx.HTTPError as error:
            return f"{type(error).__name__}: {error}"
        if status in _LATER:
            return f"the sink answers {status}"
        if not 200 <= status < 300:
            raise OSError(f"the sink answers {status}")
        return ""

    def close(self) -> None:
        """Close its connections."""
        self._client.close()
