"""A request's body to plain Python values, with words for what is not JSON.

Also says, before anything is parsed, how much memory parsing may take.
"""

from typing import Any

import orjson

from slipway_runtime.codec.bounds import Bounds
from slipway_runtime.errors import RefusedError, bad_request

_BYTES_PER_VALUE = 48
_BYTES_PER_QUOTE = 25
_BYTES_PER_CONTAINER = 200


def loads(body: bytes | memoryview, bounds: Bounds) -> Any:
    """Parse JSON as the standard has it."""
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise _explain(bytes(body), error) from None
    if _brackets(bytes(body)) > bounds.nesting:
        bounds.check_nesting(document)
    return document


def _brackets(body: bytes) -> int:
    return body.count(b"[") + body.count(b"{")


def _explain(body: bytes, error: orjson.JSONDecodeError) -> RefusedError:
    if not body.strip():
        return bad_request("the body is empty; a JSON object is expected")
    around = body.decode(errors="replace")[max(0, error.pos - 1) : error.pos + 9]
    if any(literal in around for literal in ("NaN", "Inf")):
        return bad_request(
            "NaN and Infinity are not JSON; null stands for a missing number "
            "where the model's input is a float without a declared range"
        )
    if "infinity" in error.msg:
        return bad_request(f"a number is too large for JSON's double (at character {error.pos})")
    if "depth" in error.msg:
        return bad_request("lists or objects are nested too deep")
    return bad_request(f"the body is not JSON: {error.msg} at character {error.pos}")


def cost(body: bytes) -> int:
    """Estimate, from above, the memory that parsing and decoding this body takes."""
    # One character beyond ASCII, escaped or not, can make its whole text four times as wide.
    width = 1 if body.isascii() and b"\\u" not in body else 4
    return (
        width * len(body)
        + body.count(b",") * _BYTES_PER_VALUE
        + body.count(b'"') * _BYTES_PER_QUOTE
        + _brackets(body) * _BYTES_PER_CONTAINER
    )
