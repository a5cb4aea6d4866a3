"""How many pods each revision gets, and when that is an autoscaler's business."""

from typing import Any

import pytest

from controller_testing.samples import spec
from slipway_operator.api.v1alpha1 import ModelDeploymentSpec
from slipway_operator.strategy.observed import Facts
from slipway_operator.strategy.replicas import (
    candidate_replicas,
    previous_replicas,
    stable_replicas,
)

SCALING = {"minReplicas": 2, "maxReplicas": 6, "metrics": [{"type": "CPU", "target": 80}]}


def typed(**fields: Any) -> ModelDeploymentSpec:
    return ModelDeploymentSpec.model_validate(spec(**fields))


def running(replicas: int) -> Facts:
    return Facts(exists=True, replicas=replicas)


@pytest.mark.parametrize(("fields", "count"), [({}, 1), ({"replicas": 0}, 0), ({"replicas": 3}, 3)])
def test_a_fixed_count_is_the_same_for_all(fields: dict[str, int], count: int) -> None:
    asked = typed(**fields)

    assert candidate_replicas(asked, running(9), running(9)) == count
    assert stable_replicas(asked, running(9), 9) == count
    assert previous_replicas(asked) == count


@pytest.mark.parametrize(
    ("stable", "candidate", "count"),
    [(0, 0, 2), (4, 0, 4), (9, 0, 6), (2, 5, 5), (3, 9, 6)],
    ids=["the minimum", "like the stable", "the maximum", "never fewer than it has", "at most"],
)
def test_a_scaled_candidate_can_carry_what_the_stable_carries(
    stable: int, candidate: int, count: int
) -> None:
    asked = typed(autoscaling=SCALING)

    assert candidate_replicas(asked, running(stable), running(candidate)) == count


@pytest.mark.parametrize(
    ("facts", "last_known", "count"),
    [(running(4), 0, None), (running(0), 0, 2), (Facts(), 0, 2), (Facts(), 5, 5), (Facts(), 9, 6)],
    ids=["left alone", "cannot start from none", "absent", "absent, was known", "at most"],
)
def test_the_serving_one_is_left_to_the_autoscaler_once_it_runs(
    facts: Facts, last_known: int, count: int | None
) -> None:
    assert stable_replicas(typed(autoscaling=SCALING), facts, last_known) == count


def test_a_warm_one_keeps_what_it_has() -> None:
    assert previous_replicas(typed(autoscaling=SCALING)) is None
