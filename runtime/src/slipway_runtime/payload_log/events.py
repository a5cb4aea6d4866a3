"""One request and its answer as one CloudEvent. Pure.

JSON is embedded as it is, everything else as base64. What is too large is left out, and said to
be: an event never costs more than a bounded amount of memory.
"""

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from slipway_runtime.identity import Identity

LARGEST_BODY: Final = 1024 * 1024
OVERHEAD: Final = 2048
"""Bytes that an event takes beyond its bodies, from above."""

_ONE_LINE: Final = bytes.maketrans(b"\r\n", b"  ")
"""In JSON a line break is never more than a space: in text it is written otherwise."""

_TYPE: Final = "io.slipway.inference"


@dataclass(slots=True)
class Payload:
    """A body as far as it is kept: in the pieces it came in, and its whole size."""

    pieces: list[bytes] = field(default_factory=list)
    size: int = 0
    content_type: str = ""

    def add(self, piece: bytes) -> None:
        """Keep one more piece, or none where the body becomes too large."""
        self.size += len(piece)
        if self.size > LARGEST_BODY:
            self.pieces.clear()
        else:
            self.pieces.append(piece)

    @property
    def kept(self) -> int:
        """Bytes that are kept."""
        return self.size if self.pieces else 0


@dataclass(frozen=True, slots=True)
class Occurrence:
    """What happened: one prediction that was asked for."""

    id: str
    time: str
    path: str
    status: int
    milliseconds: float
    request: Payload
    response: Payload

    @property
    def size(self) -> int:
        """Bytes that it holds."""
        return self.request.kept + self.response.kept + OVERHEAD


def event(identity: Identity, occurrence: Occurrence) -> bytes:
    """Write an event in the JSON format of CloudEvents 1.0."""
    return orjson.dumps(
        {
            "specversion": "1.0",
            "id": occurrence.id,
            "source": f"/v2/models/{identity.name}/versions/{identity.version}",
            "type": _TYPE,
            "time": occurrence.time,
            "subject": occurrence.path,
            "datacontenttype": "application/json",
            "revision": identity.revision,
            "data": {
                "status": occurrence.status,
                "milliseconds": occurrence.milliseconds,
                "request": _body(occurrence.request),
                "response": _body(occurrence.response),
            },
        }
    )


def _body(payload: Payload) -> dict[str, Any]:
    described: dict[str, Any] = {"bytes": payload.size}
    if payload.content_type:
        described["type"] = payload.content_type
    if payload.size and not payload.pieces:
        return {**described, "left_out": f"larger than {LARGEST_BODY} bytes"}
    return {**described, **_content(payload.pieces)}


def _content(pieces: Sequence[bytes]) -> dict[str, Any]:
    body = b"".join(pieces)
    if not body:
        return {}
    try:
        orjson.loads(body)
    except orjson.JSONDecodeError:
        return {"base64": b64encode(body).decode()}
    return {"json": orjson.Fragment(body.translate(_ONE_LINE))}
