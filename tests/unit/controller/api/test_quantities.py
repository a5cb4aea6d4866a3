"""Durations and quantities are read and written as Kubernetes does."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kubernetes.utils.quantity import parse_quantity as reference_parse

from slipway_operator.api.quantities import (
    format_duration,
    format_time,
    parse_duration,
    parse_quantity,
)

DURATIONS = {
    "0s": timedelta(),
    "30s": timedelta(seconds=30),
    "250ms": timedelta(milliseconds=250),
    "5m": timedelta(minutes=5),
    "1h30m": timedelta(hours=1, minutes=30),
    "90m": timedelta(hours=1, minutes=30),
    "1h2m3s4ms": timedelta(hours=1, minutes=2, seconds=3, milliseconds=4),
}
NO_DURATIONS = ["", "5", "m", "-5m", "1.5h", "5 m", "1d", "5M", "1h2m3s4ms5s", "5m\n", "123456s"]
SUFFIXES = ["", "n", "u", "m", "k", "M", "G", "T", "P", "E", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"]


@pytest.mark.parametrize(("text", "value"), DURATIONS.items())
def test_a_duration_is_read(text: str, value: timedelta) -> None:
    assert parse_duration(text) == value


@pytest.mark.parametrize("text", NO_DURATIONS)
def test_what_is_no_duration_is_refused_with_advice(text: str) -> None:
    with pytest.raises(ValueError, match="write numbers with h, m, s or ms"):
        parse_duration(text)


@given(st.integers(min_value=0, max_value=10**8))
def test_a_duration_survives_writing_and_reading(milliseconds: int) -> None:
    value = timedelta(milliseconds=milliseconds)
    assert parse_duration(format_duration(value)) == value


@given(st.integers(0, 10**6), st.integers(0, 999), st.sampled_from(SUFFIXES))
def test_a_quantity_means_what_the_kubernetes_client_says(
    whole: int, fraction: int, suffix: str
) -> None:
    text = f"{whole}.{fraction:03d}{suffix}"
    assert parse_quantity(text) == reference_parse(text)


@pytest.mark.parametrize(
    ("quantity", "value"),
    [
        (2, 2),
        ("2", 2),
        (".5", Decimal("0.5")),
        ("-2Ki", -2048),
        ("5.", 5),
        ("1e3", 1000),
        ("12E-1", Decimal("1.2")),
    ],
)
def test_a_quantity_is_read(quantity: str | int, value: Decimal | int) -> None:
    assert parse_quantity(quantity) == value


@pytest.mark.parametrize("text", ["", "m", "1 Gi", "1gi", "1KB", "--1", "1m\n", "1e", "0x10"])
def test_what_is_no_quantity_is_refused_with_advice(text: str) -> None:
    with pytest.raises(ValueError, match="write a number with a unit"):
        parse_quantity(text)


def test_a_time_is_written_in_utc_and_whole_seconds() -> None:
    east = timezone(timedelta(hours=2))
    assert format_time(datetime(2026, 1, 2, 3, 4, 5, 678, tzinfo=east)) == "2026-01-02T01:04:05Z"
    assert format_time(datetime(2026, 1, 2, tzinfo=UTC)) == "2026-01-02T00:00:00Z"
