"""The facts that decisions rest on."""

import json
from typing import Any

import pytest

from controller_testing.samples import NOW, spec
from controller_testing.world import World
from slipway_operator.desired.revisions import revision_name
from slipway_operator.objects import Obj
from slipway_operator.strategy.observed import ABORTED, Abort, Facts, is_settled

A = revision_name(spec())


def deployment(generation: int = 2, replicas: int = 3, **status: Any) -> Obj:
    counts = {"replicas": 3, "updatedReplicas": 3, "availableReplicas": 3}
    return {
        "metadata": {"generation": generation},
        "spec": {"replicas": replicas},
        "status": {"observedGeneration": 2, **counts, **status},
    }


def test_a_deployment_is_settled_when_its_controller_has_made_every_pod_of_the_present_spec() -> (
    None
):
    assert is_settled(deployment())


@pytest.mark.parametrize(
    "unsettled",
    [
        deployment(generation=3),
        deployment(replicas=4),
        deployment(updatedReplicas=2),
        deployment(availableReplicas=2),
        {**deployment(), "status": {}},
    ],
    ids=["an older spec", "too few", "some are old", "some are not available", "nothing said yet"],
)
def test_otherwise_it_is_not(unsettled: Obj) -> None:
    assert not is_settled(unsettled)


@pytest.mark.parametrize(
    "facts",
    [
        Facts(exists=False, replicas=2, ready=2, endpoints=2, is_settled=True),
        Facts(exists=True, replicas=2, ready=2, endpoints=2, is_settled=False),
        Facts(exists=True, replicas=1, ready=2, endpoints=2, is_settled=True),
        Facts(exists=True, replicas=2, ready=1, endpoints=2, is_settled=True),
        Facts(exists=True, replicas=2, ready=2, endpoints=1, is_settled=True),
    ],
    ids=["absent", "unsettled", "another count", "not all ready", "not all reachable"],
)
def test_what_is_not_wholly_ready_cannot_take_over(facts: Facts) -> None:
    assert not facts.can_take_over(2)
    assert Facts(True, 2, 2, 2, is_settled=True).can_take_over(2)


def test_a_pod_on_its_way_out_does_not_count() -> None:
    world = World(spec(replicas=2))
    world.settle()
    next(iter(world.pods.values()))["metadata"]["deletionTimestamp"] = "now"

    assert world.observed().facts(A).ready == 1


def test_why_a_candidate_was_given_up_comes_back_from_its_annotation() -> None:
    abort = Abort(NOW, "LoadFailed", "no such operator: Ä")

    assert observed_abort(abort.to_annotation()) == abort


@pytest.mark.parametrize("text", ["", "no json", "{}", json.dumps({"at": "x"}), "[]", "7"])
def test_an_annotation_that_a_hand_spoilt_is_no_abort(text: str) -> None:
    assert observed_abort(text) is None


def observed_abort(text: str) -> Abort | None:
    world = World(spec())
    world.settle()
    found = world.deployment(A)
    assert found is not None
    found["metadata"]["annotations"][ABORTED] = text
    return world.observed().facts(A).abort
