"""A request's body to plain Python values, with words for what is not JSON.

Also says, before anything is parsed, how much memory parsing may take.
"""

from typing import Any

import orjson

from slipway_runtime.errors import RefusedError, bad_request

_SMALL_BODY = 64 * 1024
_BYTES_PER_VALUE = 56
_BYTES_PER_CONTAINER = 200
_WORST_FACTOR = 70
"""`[[],[],[]...` costs about 70 bytes of memory for each byte of text."""


def loads(body: bytes) -> Any:
    """Parse JSON as the standard has it."""
    if not body.strip():
        raise bad_request("the body is empty; a JSON object is expected")
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise _explain(body, error) from None


def _explain(body: bytes, error: orjson.JSONDecodeError) -> RefusedError:
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
    if len(body) <= _SMALL_BODY:
        return len(body) * _WORST_FACTOR
    values = body.count(b",")
    containers = body.count(b"[") + body.count(b"{")
    return 2 * len(body) + values * _BYTES_PER_VALUE + containers * _BYTES_PER_CONTAINER
