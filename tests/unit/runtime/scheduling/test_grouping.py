import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime_testing.doubler import Doubler, asking, served
from slipway_runtime.inference import Inference
from slipway_runtime.scheduling import grouping

MODEL = served(Doubler())


def key(inference: Inference) -> object:
    return grouping.key(inference, MODEL.signature)


def test_rows_do_not_matter_to_the_group() -> None:
    assert key(asking(MODEL, 1)) == key(asking(MODEL, 2, 3))


def test_shape_outputs_and_parameters_matter() -> None:
    plain = asking(MODEL, 1)
    others = [
        asking(MODEL, 1, columns=2),
        asking(MODEL, 1, outputs="Y"),
        asking(MODEL, 1, outputs="ZY"),
        plain._replace(parameters={"temperature": 1}),
        plain._replace(parameters={"temperature": 2}),
    ]

    assert len({key(plain), *map(key, others)}) == len(others) + 1


def test_what_the_client_calls_it_and_how_long_it_waits_do_not_matter() -> None:
    assert key(asking(MODEL, 1)) == key(asking(MODEL, 1)._replace(id="a", timeout=1.0))


@given(st.lists(st.integers(0, 5), min_size=1, max_size=8))
def test_what_is_joined_is_taken_apart_at_the_same_places(rows: list[int]) -> None:
    parts = [np.random.default_rng(count).random((count, 3)) for count in rows]
    joined = grouping.join([Inference({"X": part}, ()) for part in parts])

    apart = grouping.split([joined["X"], joined["X"] * 2], rows)

    for part, (same, double) in zip(parts, apart, strict=True):
        assert np.array_equal(same, part)
        assert np.array_equal(double, part * 2)


@pytest.mark.parametrize("shape", [(2, 1), (4, 1), (), (1, 3)])
def test_an_output_with_other_rows_cannot_be_taken_apart(shape: tuple[int, ...]) -> None:
    with pytest.raises(grouping.RowsError, match="for 3 rows"):
        grouping.split([np.zeros(shape)], [1, 2])
