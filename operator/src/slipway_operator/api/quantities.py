"""Kubernetes' own notations as Python types: durations ("1h30m"), quantities ("500m", "2Gi").

Only reading and writing notations belongs here, no meaning of any particular field.
"""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Annotated, Final

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

from slipway_operator.api.base import NOTATION, Rule

_UNITS: Final = {
    "h": timedelta(hours=1),
    "m": timedelta(minutes=1),
    "s": timedelta(seconds=1),
    "ms": timedelta(milliseconds=1),
}
# The form that Gateway API fixed (GEP-2257): whole numbers, no sign, no fraction.
DURATION_PATTERN: Final = r"^([0-9]{1,5}(h|m|s|ms)){1,4}$"
_DURATION_PART: Final = re.compile(r"([0-9]+)(ms|h|m|s)")

_SUFFIXES: Final = {
    "": Decimal(1),
    "n": Decimal("1e-9"),
    "u": Decimal("1e-6"),
    "m": Decimal("1e-3"),
    "k": Decimal(1000),
    **{unit: Decimal(1000) ** power for power, unit in enumerate("MGTPE", start=2)},
    **{f"{unit}i": Decimal(1024) ** power for power, unit in enumerate("KMGTPE", start=1)},
}
_QUANTITY: Final = re.compile(
    r"(?P<number>[-+]?([0-9]+(\.[0-9]*)?|\.[0-9]+))"
    r"((?P<suffix>[numkMGTPE]|[KMGTPE]i)|[eE](?P<exponent>[-+]?[0-9]+))?"
)


def parse_duration(text: str) -> timedelta:
    """Read a duration.

    >>> parse_duration("1h30m")
    datetime.timedelta(seconds=5400)
    """
    if not re.fullmatch(DURATION_PATTERN, text):
        raise ValueError(f"{text!r} is no duration: write numbers with h, m, s or ms, as in 1h30m")
    parts = _DURATION_PART.findall(text)
    return sum((int(number) * _UNITS[unit] for number, unit in parts), timedelta())


def format_duration(value: timedelta) -> str:
    """Write a duration in its shortest form.

    >>> format_duration(timedelta(minutes=90))
    '1h30m'
    """
    text = ""
    for unit, size in _UNITS.items():
        count, value = divmod(value, size)
        text += f"{count}{unit}" if count else ""
    return text or "0s"


def parse_quantity(quantity: str | int) -> Decimal:
    """Read a quantity of CPU, memory or the like.

    >>> parse_quantity("500m"), parse_quantity("2Ki"), parse_quantity(3)
    (Decimal('0.500'), Decimal('2048'), Decimal('3'))
    """
    match = _QUANTITY.fullmatch(str(quantity))
    if not match:
        raise ValueError(f"{quantity!r} is no quantity: write a number with a unit, as in 500m")
    number = Decimal(match["number"])
    if match["exponent"]:
        return number.scaleb(int(match["exponent"]))
    return number * _SUFFIXES[match["suffix"] or ""]


def format_time(value: datetime) -> str:
    """Write a point in time as Kubernetes does: UTC, whole seconds."""
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _read_duration(value: object) -> object:
    return parse_duration(value) if isinstance(value, str) else value


def between(lowest: str, highest: str) -> Rule:
    """Return the rule that a duration lies between two others, both included."""
    return Rule(
        f"!self.matches(r'{DURATION_PATTERN}') || "
        f"(duration(self) >= duration('{lowest}') && duration(self) <= duration('{highest}'))",
        f"must lie between {lowest} and {highest}",
    )


Duration = Annotated[
    timedelta,
    BeforeValidator(_read_duration),
    PlainSerializer(format_duration, return_type=str),
    WithJsonSchema({"type": "string", NOTATION: "duration", "maxLength": 32}),
    Rule(
        f"self.matches(r'{DURATION_PATTERN}')",
        "must be a duration: whole numbers with h, m, s or ms, as in 30s, 5m or 1h30m",
    ),
]
Quantity = Annotated[
    str | int,
    WithJsonSchema({"x-kubernetes-int-or-string": True, NOTATION: "quantity", "maxLength": 32}),
    Rule(
        "isQuantity(string(self)) && !string(self).startsWith('-')",
        "must be a quantity: a number of zero or more with a unit, as in 500m or 2Gi",
    ),
]
IntOrString = Annotated[
    int | str,
    WithJsonSchema({"x-kubernetes-int-or-string": True, "maxLength": 256}),
]
Time = Annotated[
    datetime,
    PlainSerializer(format_time, return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
