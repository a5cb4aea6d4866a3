import asyncio
from typing import Any

import pytest

from slipway_runtime.errors import bad_request
from slipway_runtime.server import early

PIECE = {"type": "http.request", "body": b"x" * 1000, "more_body": True}
END = {"type": "http.request", "body": b"", "more_body": False}


async def refused(*messages: dict[str, Any]) -> list[Any]:
    """Refuse a request of which this much comes; return all that is sent."""
    left, sent = list(messages), list[Any]()

    async def receive() -> Any:
        if not left:
            await asyncio.sleep(3600)
        return left.pop(0)

    async def send(message: Any) -> None:
        sent.append((message, len(left)))

    await asyncio.wait_for(early.refuse_early(receive, send, bad_request("no")), 5)
    assert left == []
    return sent


@pytest.mark.parametrize("last", [END, {"type": "http.disconnect"}])
async def test_the_answer_comes_first_and_the_rest_is_thrown_away(last: dict[str, Any]) -> None:
    (start, left), (body, _), (end, left_at_the_end) = await refused(*[PIECE] * 50, last)

    assert left == 51
    assert (b"connection", b"close") in start["headers"]
    assert body["body"] == b'{"error":"no"}'
    assert body["more_body"]
    assert not end["more_body"]
    assert left_at_the_end == 0


async def test_nobody_waits_long_for_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(early, "_LINGER_SECONDS", 0.01)

    assert len(await refused(PIECE)) == 3
