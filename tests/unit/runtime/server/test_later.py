"""What is made on demand is made once, and a failure to make it is not for ever."""

import asyncio
from typing import Any

import pytest

from slipway_runtime.lifecycle.state import AsgiApp
from slipway_runtime.server.later import Later


class Maker:
    def __init__(self, failures: int = 0) -> None:
        self.made = 0
        self.asked: list[str] = []
        self._failures = failures

    def __call__(self) -> AsgiApp:
        self.made += 1
        if self.made <= self._failures:
            raise OSError("no room")
        return self._answer

    async def _answer(self, scope: Any, _receive: Any, _send: Any) -> None:
        self.asked.append(scope["path"])


async def ask(app: Later, path: str) -> None:
    async def receive() -> dict[str, Any]:
        return {}

    async def send(_: Any) -> None:
        return None

    await app({"path": path}, receive, send)


async def test_it_is_made_once_for_all_who_come_at_the_same_time() -> None:
    maker = Maker()
    app = Later(maker)
    assert maker.made == 0

    await asyncio.gather(*(ask(app, path) for path in "abc"))
    await ask(app, "d")

    assert maker.made == 1
    assert maker.asked == ["a", "b", "c", "d"]


async def test_a_client_that_leaves_takes_nothing_from_the_next() -> None:
    maker = Maker()
    app = Later(maker)
    impatient = asyncio.ensure_future(ask(app, "a"))
    await asyncio.sleep(0)
    impatient.cancel()

    await ask(app, "b")

    assert (maker.made, maker.asked) == (1, ["b"])


async def test_what_could_not_be_made_is_tried_again() -> None:
    maker = Maker(failures=1)
    app = Later(maker)

    with pytest.raises(OSError, match="no room"):
        await ask(app, "a")
    await ask(app, "b")

    assert maker.asked == ["b"]
