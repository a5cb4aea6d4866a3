import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from runtime_testing.doubler import Doubler, asking, served
from slipway_runtime.inference import Inference
from slipway_runtime.scheduling.cache import Cache, key

MODEL = served(Doubler())
ANSWER = [np.zeros(100, np.float32)]


def test_equal_questions_have_one_key_whatever_their_id() -> None:
    question = asking(MODEL, 1, 2)

    assert key(MODEL, question) == key(MODEL, asking(MODEL, 1, 2)._replace(id="b", timeout=1.0))


def test_whatever_changes_the_answer_changes_the_key() -> None:
    plain = asking(MODEL, 1, 2)
    others = [
        asking(MODEL, 1, 3),
        asking(MODEL, 1),
        asking(MODEL, 1, 2, outputs="Y"),
        asking(MODEL, 1, 2, outputs="ZY"),
        plain._replace(parameters={"a": 1}),
        Inference({"X": plain.feed["X"].T.copy()}, plain.outputs),
    ]

    keys = {key(MODEL, plain), key(served(Doubler()), plain), *(key(MODEL, o) for o in others)}
    assert len(keys) == len(others) + 2


def test_text_is_told_apart_where_its_letters_are_the_same() -> None:
    def text(*words: str) -> bytes:
        return key(MODEL, Inference({"X": np.array(words, object)}, ()))

    assert text("ab", "c") == text("ab", "c")
    assert text("ab", "c") != text("a", "bc")


def test_a_view_has_the_key_of_its_values() -> None:
    values = np.arange(12, dtype=np.float32).reshape(3, 4)

    assert key(MODEL, Inference({"X": values.T}, ())) == key(
        MODEL, Inference({"X": values.T.copy()}, ())
    )


def test_the_longest_unused_goes_first() -> None:
    cache = Cache(room=10_000)
    for name in (b"first", b"second", *(bytes([number]) for number in range(20))):
        cache.find(b"first")
        cache.keep(name, ANSWER)

    assert cache.find(b"second") is None
    assert cache.find(b"first") is not None


def test_an_answer_that_would_fill_much_of_the_room_is_not_kept() -> None:
    cache = Cache(room=10_000)
    cache.keep(b"a", [np.zeros(1000, np.float32)])

    assert cache.find(b"a") is None
    assert cache.used == 0


def test_a_part_of_a_batch_does_not_keep_the_batch() -> None:
    cache = Cache(room=10_000)
    batch = np.zeros((1000, 10), np.float32)
    cache.keep(b"a", [batch[:1]])

    kept = cache.find(b"a")
    assert kept is not None
    assert kept[0].base is None


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 300))), st.integers(0, 20_000))
def test_it_never_takes_more_than_its_room(kept: list[tuple[int, int]], room: int) -> None:
    cache = Cache(room)
    for name, size in kept:
        cache.keep(bytes([name]), [np.zeros(size, np.uint8)])
        assert cache.used <= room
    assert cache.used >= 400 * len(cache)
