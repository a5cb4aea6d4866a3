import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway_runtime.codec.bounds import Bounds
from slipway_runtime.codec.document import loads
from slipway_runtime.errors import RefusedError


def nested(levels: int, opening: str, closing: str) -> bytes:
    return (opening * levels + "1" + closing * levels).encode()


def depth(value: Any) -> int:
    if isinstance(value, dict):
        value = list(value.values())
    return 1 + max(map(depth, value), default=0) if isinstance(value, list) else 0


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}"), ('[{"a":', "}]")])
def test_a_document_may_be_nested_as_deep_as_allowed_and_no_deeper(
    opening: str, closing: str
) -> None:
    levels = opening.count("[") + opening.count("{")
    allowed = Bounds(nesting=50 * levels)

    assert loads(nested(50, opening, closing), allowed)
    with pytest.raises(RefusedError, match="nested too deep"):
        loads(nested(51, opening, closing), allowed)


def test_brackets_in_texts_are_not_nesting() -> None:
    assert loads(json.dumps(["[" * 5000, "{" * 5000]).encode(), Bounds(nesting=1))


def test_many_lists_beside_each_other_are_not_nesting() -> None:
    assert loads(json.dumps([[1]] * 5000).encode(), Bounds(nesting=2))


@given(
    st.recursive(
        st.integers() | st.text("[]{}", max_size=3),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("[{"), inner),
    ),
    st.integers(0, 6),
)
def test_exactly_what_is_deeper_is_refused(document: Any, allowed: int) -> None:
    try:
        loads(json.dumps(document).encode(), Bounds(nesting=allowed))
        refused = False
    except RefusedError:
        refused = True

    assert refused is (depth(document) > allowed)


def test_the_values_of_all_inputs_are_counted_together() -> None:
    bounds = Bounds(elements=10)
    bounds.check_elements({"a": np.zeros((2, 3)), "b": np.zeros(4)})

    with pytest.raises(RefusedError, match="holds 11 values, 10 are allowed") as caught:
        bounds.check_elements({"a": np.zeros((2, 3)), "b": np.zeros(5)})
    assert caught.value.status == 413
