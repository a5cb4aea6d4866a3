import threading
import time

import pytest

from slipway_runtime.errors import RefusedError
from slipway_runtime.server.admission import LARGEST_BODY, MIB, QUEUE, Admission, Room

LARGE = 64 * 1024 * MIB


def test_so_many_requests_wait_and_no_more() -> None:
    admission = Admission(threads=2, memory=LARGE)
    places = [admission.place() for _ in range(QUEUE + 2)]
    for place in places:
        place.__enter__()

    with pytest.raises(RefusedError) as caught, admission.place():
        pass
    assert caught.value.status == 503
    assert ("retry-after", "1") in caught.value.headers

    places[0].__exit__(None, None, None)
    with admission.place():
        pass


def test_bodies_are_held_up_to_a_share_of_the_memory() -> None:
    admission = Admission(threads=1, memory=80 * MIB)
    admission.hold(10 * MIB)

    with pytest.raises(RefusedError) as caught:
        admission.hold(1)
    assert caught.value.status == 503

    admission.release(1)
    admission.hold(1)


@pytest.mark.parametrize(
    ("memory", "largest"), [(LARGE, LARGEST_BODY), (512 * MIB, 64 * MIB), (256 * MIB, 32 * MIB)]
)
def test_the_largest_body_fits_into_what_may_be_held(memory: int, largest: int) -> None:
    admission = Admission(threads=2, memory=memory)

    assert admission.largest_body == largest
    admission.hold(largest)


def test_values_that_never_fit_are_too_large() -> None:
    room = Room(memory=512 * MIB)

    with room.take(128 * MIB):
        pass
    with (
        pytest.raises(RefusedError, match="takes about 129 MiB, 128 MiB are allowed") as caught,
        room.take(129 * MIB),
    ):
        pass
    assert caught.value.status == 413


def test_values_that_do_not_fit_now_wait_for_their_turn() -> None:
    room = Room(memory=400)
    order: list[str] = []
    taken = threading.Event()

    def second() -> None:
        taken.wait()
        with room.take(60):
            order.append("second")

    thread = threading.Thread(target=second)
    thread.start()
    with room.take(60):
        taken.set()
        with room.take(40):
            time.sleep(0.05)
        order.append("first")
    thread.join(5)

    assert order == ["first", "second"]
