"""A second, separate cluster, so that these tests never disturb the one that others use."""

from collections.abc import Iterator

import pytest

from localcluster import prerequisites
from localcluster.instance import named
from localcluster_testing.node import Node

INSTANCE = named("slipway-selftest")


@pytest.fixture(scope="session")
def fresh_machine() -> Iterator[Node]:
    """An instance that is not up; whatever a test leaves of it is taken away in the end."""
    if found := prerequisites.problems(prerequisites.facts()):
        pytest.skip(f"no node can run here: {'; '.join(found)}")
    node = Node(INSTANCE)
    node.tell("down")
    yield node
    node.tell("down")


@pytest.fixture
def node(fresh_machine: Node) -> Node:
    """The instance, up."""
    fresh_machine.tell("up")
    return fresh_machine
