from typing import Any

import pytest

from slipway_runtime.payload_log.capture import Capture
from slipway_runtime.payload_log.events import Occurrence

JSON = [(b"content-type", b"application/json")]


async def app(_: Any, receive: Any, send: Any) -> None:
    """Answer with the body, in two pieces."""
    body = b""
    while True:
        message = await receive()
        body += message["body"]
        if not message["more_body"]:
            break
    await send({"type": "http.response.start", "status": 201, "headers": JSON})
    await send({"type": "http.response.body", "body": body[:2], "more_body": True})
    await send({"type": "http.response.body", "body": body[2:], "more_body": False})


async def gone(_: Any, receive: Any, __: Any) -> None:
    await receive()


async def ask(capture: Capture, path: str = "/predict", *pieces: bytes) -> bytes:
    left = list(pieces)
    answered = b""

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": left.pop(0), "more_body": bool(left)}

    async def send(message: Any) -> None:
        nonlocal answered
        answered += message.get("body", b"")

    await capture({"type": "http", "path": path, "headers": JSON}, receive, send)
    return answered


async def test_both_bodies_are_noted_and_pass_unchanged() -> None:
    kept: list[tuple[Occurrence, int]] = []
    capture = Capture(app, 1.0, lambda *offered: kept.append(offered))

    assert await ask(capture, "/predict", b"one", b"two") == b"onetwo"

    occurrence, size = kept[0]
    assert b"".join(occurrence.request.pieces) == b"onetwo"
    assert b"".join(occurrence.response.pieces) == b"onetwo"
    assert occurrence.request.content_type == "application/json"
    assert occurrence.status == 201
    assert occurrence.milliseconds >= 0
    assert size > 12


@pytest.mark.parametrize(
    ("path", "noted"),
    [
        ("/predict", True),
        ("/predict/batch", True),
        ("/v2/models/iris/infer", True),
        ("/v2/models/iris/versions/1/infer", True),
        ("/v2/models/iris/ready", False),
        ("/v2/health/live", False),
        ("/metrics", False),
        ("/", False),
    ],
)
async def test_only_predictions_are_noted(path: str, noted: bool) -> None:
    kept: list[Any] = []
    await ask(Capture(app, 1.0, lambda *offered: kept.append(offered)), path, b"x")
    assert bool(kept) is noted


async def test_only_a_share_is_noted() -> None:
    kept: list[Any] = []
    chances = iter([0.0, 0.24, 0.25, 0.9])
    capture = Capture(app, 0.25, lambda *offered: kept.append(offered), lambda: next(chances))
    for _ in range(4):
        await ask(capture, "/predict", b"x")
    assert len(kept) == 2


async def test_a_client_that_left_is_noted_as_such() -> None:
    kept: list[tuple[Occurrence, int]] = []
    await ask(Capture(gone, 1.0, lambda *offered: kept.append(offered)), "/predict", b"x")
    assert kept[0][0].status == 499
