"""Values of a wrong type that can mean only one thing: "5.1" for 5.1, 3.0 for 3, "true" for true.

Forms, spreadsheets and JavaScript write them so. Nothing is rounded, cut or guessed; whatever is
not here stays what it is, and is refused by `elements`.
"""

import math
import re
from typing import Any, Final

from slipway_runtime.codec.elements import ElementError, to_array
from slipway_runtime.signature import Datatype, Tensor

_WHOLE: Final = re.compile(r"[+-]?[0-9]{1,20}")
_DECIMAL: Final = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)(e[+-]?[0-9]+)?", re.IGNORECASE)
_TRUTH: Final = {"true": True, "false": False, 1: True, 0: False}
_LARGEST: Final = 2.0**64
_LONGEST: Final = 400


def to_array_kindly(flat: list[Any], datatype: Datatype) -> Tensor:
    """Convert as `to_array` does, and where that fails, once more after coercion."""
    try:
        return to_array(flat, datatype)
    except ElementError:
        return to_array([coerce(value, datatype) for value in flat], datatype)


def coerce(value: Any, datatype: Datatype) -> Any:
    """Turn a value into the type that the datatype takes, if nothing is lost."""
    if datatype is Datatype.BOOL:
        return _truth(value)
    if not datatype.is_number:
        return value
    if isinstance(value, str):
        value = _number(value)
    is_whole = isinstance(value, float) and value.is_integer() and abs(value) <= _LARGEST
    return int(value) if is_whole and not datatype.is_float else value


def _truth(value: Any) -> Any:
    if type(value) is str:
        return _TRUTH.get(value.strip().lower(), value)
    return _TRUTH.get(value, value) if type(value) is int else value


def _number(text: str) -> Any:
    if len(text) > _LONGEST:
        return text
    stripped = text.strip()
    if _WHOLE.fullmatch(stripped):
        return int(stripped)
    number = float(stripped) if _DECIMAL.fullmatch(stripped) else math.inf
    return number if math.isfinite(number) else text
