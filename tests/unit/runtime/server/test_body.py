import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from slipway_runtime.errors import RefusedError
from slipway_runtime.server.admission import MIB, Admission
from slipway_runtime.server.body import Body, DisconnectedError
from slipway_runtime.server.settings import LimitSettings


def room(seconds: float = 60) -> Admission:
    """Take bodies of up to 1 MiB."""
    return Admission(8 * MIB, LimitSettings(body_seconds=seconds))


def chunks(*parts: bytes) -> list[dict[str, Any]]:
    last = len(parts) - 1
    return [
        {"type": "http.request", "body": part, "more_body": number < last}
        for number, part in enumerate(parts)
    ]


def reading(
    messages: Sequence[dict[str, Any]],
    headers: dict[bytes, bytes] | None = None,
    admission: Admission | None = None,
) -> Body:
    left = list(messages)

    async def receive() -> Any:
        if not left:
            await asyncio.sleep(3600)
        return left.pop(0)

    return Body(receive, list((headers or {}).items()), admission or room())


async def refusal(body: Body) -> RefusedError:
    with pytest.raises(RefusedError) as caught:
        await body.read()
    return caught.value


async def test_a_body_is_read_in_as_many_parts_as_it_comes() -> None:
    body = reading(chunks(b"a", b"", b"bc"))

    assert await body.read() == b"abc"
    assert body.complete


async def test_a_body_that_says_it_is_too_large_is_refused_before_it_is_read() -> None:
    body = reading([], {b"content-length": b"%d" % (MIB + 1)})

    assert (await refusal(body)).status == 413
    assert not body.complete


async def test_a_body_that_does_not_say_so_is_refused_as_soon_as_it_is_too_large() -> None:
    body = reading(chunks(b"x" * MIB, b"x", b"never read"))

    refused = await refusal(body)

    assert refused.status == 413
    assert "1 MiB" in refused.message


async def test_what_was_held_is_given_back_once() -> None:
    admission = room()
    for _ in range(20):
        body = reading(chunks(b"x" * MIB), admission=admission)
        await body.read()
        body.close()
        body.close()


async def test_a_client_that_goes_away_is_noticed() -> None:
    with pytest.raises(DisconnectedError):
        await reading([*chunks(b"a", b"b")[:1], {"type": "http.disconnect"}]).read()


async def test_a_body_that_does_not_come_is_not_waited_for() -> None:
    for begun in ([], chunks(b"a", b"b")[:1]):
        assert (await refusal(reading(begun, admission=room(seconds=0.01)))).status == 408


async def test_what_is_held_beyond_the_body_is_given_back_with_it() -> None:
    admission = room()
    body = reading(chunks(b"x" * 1000), admission=admission)
    await body.read()

    body.hold(MIB - 1000)
    with pytest.raises(RefusedError):
        body.hold(1)
    body.close()

    admission.hold(MIB)


async def test_it_tells_when_the_client_has_gone() -> None:
    body = reading([*chunks(b"a"), {"type": "http.disconnect"}])
    await body.read()

    await asyncio.wait_for(body.gone(), 1)
