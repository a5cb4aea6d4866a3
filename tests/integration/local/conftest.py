"""A second, separate cluster, so that these tests never disturb the one that others use."""

from collections.abc import Iterator

import pytest

from localcluster import prerequisites
from localcluster.instance import named
from localcluster_testing.node import Node

INSTANCE = named("slipway-selftest")


@pytest.fixture(scope="session")
def able_machine() -> None:
    """A machine that could run a node; tests are skipped on others."""
    if found := prerequisites.problems(prerequisites.facts()):
        pytest.skip(f"no node can run here: {'; '.join(found)}")


@pytest.fixture(scope="session")
def fresh_machine(able_machine: None) -> Iterator[Node]:  # noqa: ARG001 (skips)
    """An instance that is not up; whatever a test leaves of it is taken away in the end."""
    node = Node(INSTANCE)
    node.tell("down")
    yield node
    node.tell("down")


@pytest.fixture
def node(fresh_machine: Node) -> Node:
    """The instance, up."""
    fresh_machine.tell("up")
    return fresh_machine
