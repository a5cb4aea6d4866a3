import asyncio
from collections.abc import Sequence

import pytest

from slipway_runtime.errors import RefusedError
from slipway_runtime.server.admission import MIB, Admission, Room
from slipway_runtime.server.settings import LimitSettings

LARGE = 64 * 1024 * MIB


def test_bodies_are_held_up_to_a_share_of_the_memory() -> None:
    admission = Admission(80 * MIB, LimitSettings())
    admission.hold(10 * MIB)

    with pytest.raises(RefusedError) as caught:
        admission.hold(1)
    assert caught.value.status == 503

    admission.release(1)
    admission.hold(1)


@pytest.mark.parametrize(
    ("memory", "largest"), [(LARGE, 64 * MIB), (512 * MIB, 64 * MIB), (256 * MIB, 32 * MIB)]
)
def test_the_largest_body_fits_into_what_may_be_held(memory: int, largest: int) -> None:
    admission = Admission(memory, LimitSettings())

    assert admission.largest_body == largest
    admission.hold(largest)


async def test_values_that_never_fit_are_too_large() -> None:
    room = Room(memory=512 * MIB)

    async with room.take(128 * MIB):
        pass
    with pytest.raises(RefusedError, match="takes about 129 MiB, 128 MiB are allowed") as caught:
        async with room.take(129 * MIB):
            pass
    assert caught.value.status == 413


class Stay:
    """Somebody who takes room and leaves when told to."""

    def __init__(self, room: Room, size: int) -> None:
        self.inside = False
        self._leave = asyncio.Event()
        self.task = asyncio.create_task(self._stay(room, size))

    async def _stay(self, room: Room, size: int) -> None:
        async with room.take(size):
            self.inside = True
            await self._leave.wait()

    async def leave(self) -> None:
        self._leave.set()
        await self.task


async def settle(stays: Sequence[Stay]) -> list[bool]:
    for _ in range(5):
        await asyncio.sleep(0)
    return [stay.inside for stay in stays]


async def test_values_that_do_not_fit_now_wait_for_their_turn() -> None:
    room = Room(memory=400)
    stays = [Stay(room, 60), Stay(room, 60), Stay(room, 30)]

    assert await settle(stays) == [True, False, False], "a small one does not overtake"

    await stays[0].leave()
    assert await settle(stays) == [True, True, True]
    await asyncio.gather(*[stay.leave() for stay in stays[1:]])
    assert await settle([Stay(room, 100)]) == [True], "all room was given back"


async def test_who_gives_up_waiting_takes_no_room() -> None:
    room = Room(memory=400)
    stays = [Stay(room, 60), Stay(room, 60), Stay(room, 40)]
    await settle(stays)

    stays[1].task.cancel()
    await stays[0].leave()

    assert await settle(stays) == [True, False, True]
    await stays[2].leave()
    assert await settle([Stay(room, 100)]) == [True]


async def test_who_is_let_in_and_gives_up_at_the_same_moment_gives_the_room_back() -> None:
    room = Room(memory=400)
    stays = [Stay(room, 100), Stay(room, 100)]
    await settle(stays)

    stays[0]._leave.set()
    await asyncio.sleep(0)
    stays[1].task.cancel()

    assert await settle([Stay(room, 100)]) == [True]
