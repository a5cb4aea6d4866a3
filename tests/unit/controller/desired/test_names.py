"""Names of children: legal, stable, and never the same for two ModelDeployments."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway_operator.desired.names import child_name, label_value

DNS_1123_SUBDOMAIN = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*"
DNS_1035_LABEL = re.compile(r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?")
LABEL_VALUE = re.compile(r"[A-Za-z0-9]([-._A-Za-z0-9]{0,61}[A-Za-z0-9])?")
NAMES = st.from_regex(DNS_1123_SUBDOMAIN, fullmatch=True).filter(lambda name: len(name) <= 253)
SUFFIXES = st.sampled_from(["", "0a1b2c3d", "ffffffff"])


@given(NAMES, SUFFIXES)
def test_every_name_of_a_child_is_a_dns_label(name: str, suffix: str) -> None:
    assert DNS_1035_LABEL.fullmatch(child_name(name, suffix))


@given(NAMES)
def test_every_label_is_legal(name: str) -> None:
    assert LABEL_VALUE.fullmatch(label_value(name))


@given(NAMES, NAMES)
def test_two_names_that_differ_give_children_that_differ(one: str, other: str) -> None:
    if one != other:
        assert child_name(one, "0a1b2c3d") != child_name(other, "0a1b2c3d")
        assert label_value(one) != label_value(other)


@pytest.mark.parametrize(
    ("name", "suffix", "expected"),
    [
        ("iris", "", "iris"),
        ("iris", "0a1b2c3d", "iris-0a1b2c3d"),
        ("a" * 54, "0a1b2c3d", "a" * 54 + "-0a1b2c3d"),
        ("a" * 55, "0a1b2c3d", "a" * 45 + "-0a1b2c3d-85f28694"),
        ("iris.v1", "", "iris-v1-6b266c06"),
        ("1st", "0a1b2c3d", "m-1st-0a1b2c3d-a6e03979"),
    ],
)
def test_names_are_the_same_in_every_version(name: str, suffix: str, expected: str) -> None:
    assert child_name(name, suffix) == expected


def test_long_names_that_begin_alike_do_not_meet() -> None:
    one, other = "model-" + "x" * 100 + "1", "model-" + "x" * 100 + "2"

    assert child_name(one) != child_name(other)
    assert label_value(one) != label_value(other)
