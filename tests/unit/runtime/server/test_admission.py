import pytest

from slipway_runtime.errors import RefusedError
from slipway_runtime.server.admission import LARGEST_BODY, MIB, QUEUE, Admission

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


def test_a_body_whose_values_would_not_fit_is_too_large() -> None:
    admission = Admission(threads=2, memory=512 * MIB)

    admission.expect_room(64 * MIB)
    with pytest.raises(RefusedError, match="takes about 65 MiB, 64 MiB are allowed") as caught:
        admission.expect_room(65 * MIB)
    assert caught.value.status == 413
