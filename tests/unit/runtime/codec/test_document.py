import sys
from contextlib import suppress

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway_runtime.codec.bounds import DEFAULT, Bounds
from slipway_runtime.codec.document import cost, loads
from slipway_runtime.errors import RefusedError

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(json_values)
def test_json_is_read_as_the_standard_has_it(value: object) -> None:
    assert loads(orjson.dumps(value), Bounds(nesting=1000)) == value


@given(st.binary())
def test_any_bytes_are_read_or_refused_in_words(body: bytes) -> None:
    with suppress(RefusedError):
        loads(body, DEFAULT)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "empty"),
        (b"  \n", "empty"),
        (b"{not json", "not JSON"),
        (b'{"a": NaN}', "NaN and Infinity are not JSON"),
        (b"[1, Infinity]", "NaN and Infinity are not JSON"),
        (b"[1, -Infinity]", "NaN and Infinity are not JSON"),
        (b"[1e999]", "too large"),
        (b"[" * 100_000, "nested too deep"),
        (b'{"a":' * 5_000, "nested too deep"),
        (b'"\xff\xfe"', "UTF-8"),
        (b'{"a": 1} trailing', "not JSON"),
        (b"\x80\x04\x95", "not JSON"),
        ("\ufeff{}".encode(), "BOM"),
    ],
)
def test_what_is_not_json_is_named(body: bytes, words: str) -> None:
    with pytest.raises(RefusedError) as caught:
        loads(body, DEFAULT)
    assert words in caught.value.message


@pytest.mark.parametrize(
    "unit",
    [
        *(b"0.5", b"123456789", b"null", b"[]", b"{}", b"[1]", b"[[],[]]", b'{"a":1}'),
        *(b'""', b'"text"', '"ü"'.encode(), '"日"'.encode(), '"😀"'.encode()),
        '"😀{}"'.format("a" * 50).encode(),
        b'"\\u65e5' + b"a" * 50 + b'"',
        b'"\\ud83d\\ude00' + b"a" * 50 + b'"',
    ],
)
@pytest.mark.parametrize("count", [1, 1_000, 50_000])
def test_the_estimate_is_never_below_what_parsing_really_takes(unit: bytes, count: int) -> None:
    body = b"[" + b",".join([unit] * count) + b"]"

    assert cost(body) >= _size(loads(body, DEFAULT))


def _size(value: object) -> int:
    own = sys.getsizeof(value)
    if isinstance(value, list):
        return own + sum(map(_size, value))
    if isinstance(value, dict):
        return own + sum(map(_size, value.values()))
    return own
