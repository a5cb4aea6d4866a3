"""Instances: what follows from a name, and that two of them share nothing."""

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localcluster.instance import DEFAULT, Instance, named, twin

NAMES = st.from_regex(r"[a-z][a-z0-9-]{0,18}[a-z0-9]", fullmatch=True)
LONGEST_SHIM_FOLDER = 42  # containerd refuses a longer one


def test_the_default_instance_is_number_zero() -> None:
    assert named(DEFAULT).number == 0
    assert str(named(DEFAULT).node_address) == "10.200.0.2"


@given(NAMES)
def test_no_other_name_gets_the_numbers_of_the_default(name: str) -> None:
    assert (named(name).number == 0) == (name == DEFAULT)


@given(NAMES)
def test_every_name_leaves_room_for_its_sockets(name: str) -> None:
    assert len(str(named(name).run / "s")) <= LONGEST_SHIM_FOLDER


@pytest.mark.parametrize("number", range(8))
def test_every_number_gives_valid_networks(number: int) -> None:
    instance = Instance("x1", number)
    assert instance.node_address in instance.node_network
    assert instance.dns_address in instance.service_network


def test_no_two_numbers_share_a_network() -> None:
    networks = [network for n in range(8) for network in Instance("x1", n).networks]
    assert not any(a.overlaps(b) for a, b in combinations(networks, 2))


def test_two_names_of_one_number_are_noticed() -> None:
    second = named("b1")
    same, other = Instance("a1", second.number), Instance("a1", (second.number + 1) % 8)
    assert twin(same, ["a1", "b1"]) == "b1"
    assert twin(other, ["a1", "b1"]) is None
    assert twin(same, []) is None


@pytest.mark.parametrize("name", ["", "a", "A1", "a_b", "-a", "a-", "a/../b", "x" * 21])
def test_a_bad_name_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="is no instance name"):
        named(name)
