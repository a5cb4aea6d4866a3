"""The models read what users and the API server write, and keep it exactly."""

from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from slipway_operator.api.status import MESSAGE_LIMIT, ModelDeploymentStatus
from slipway_operator.api.v1alpha1 import ModelDeployment, ModelDeploymentSpec, ServiceType
from slipway_testing.spec_fields import MINIMAL, FieldCase, spec_field_cases
from slipway_testing.specs import GOOD, Good

Obj = dict[str, Any]
NOW = "2026-11-21T03:04:05Z"
STATUS: Obj = {
    "observedGeneration": 2**40,
    "phase": "Progressing",
    "message": "waiting",
    "url": "http://iris.default.svc",
    "replicas": 3,
    "readyReplicas": 2,
    "selector": "serving.slipway.dev/deployment=iris",
    "stable": {"revision": "0a1b2c3d", "version": "1", "replicas": 2, "readyReplicas": 2},
    "candidate": {"revision": "4e5f6a7b", "replicas": 1, "readyReplicas": 0},
    "rollout": {"startedAt": NOW, "waitingFor": "pods"},
    "history": [{"revision": "0a1b2c3d", "outcome": "Promoted", "reason": "Promoted", "time": NOW}],
    "conditions": [
        {
            "type": "Ready",
            "status": "False",
            "reason": "RolloutInProgress",
            "message": "waiting",
            "lastTransitionTime": NOW,
            "observedGeneration": 2,
        }
    ],
}


def read(spec: Obj) -> ModelDeploymentSpec:
    return ModelDeploymentSpec.model_validate(spec)


def test_the_defaults_are_those_the_design_names() -> None:
    spec = read(MINIMAL)
    assert spec.fixed_replicas == 1
    assert spec.rollout.keep_stable == timedelta(minutes=5)
    assert spec.rollout.progress_deadline == timedelta(minutes=10)
    assert (spec.service.type, spec.service.port) == (ServiceType.CLUSTER_IP, 80)
    assert spec.revision_history_limit == 10
    assert spec.runtime.warmup.requests == 3
    assert spec.paused is False


def test_no_replicas_are_not_the_default() -> None:
    assert read({**MINIMAL, "replicas": 0}).fixed_replicas == 0


@pytest.mark.parametrize("good", GOOD, ids=lambda good: good.name)
def test_a_good_spec_survives_reading_and_writing(good: Good) -> None:
    spec = read(good.spec)
    assert read(spec.to_wire()) == spec


@pytest.mark.parametrize("case", spec_field_cases(), ids=str)
def test_each_field_comes_back_as_it_was_written(case: FieldCase) -> None:
    assert read(case.having).to_wire() == case.having


def test_a_null_means_the_same_as_an_absent_field() -> None:
    nulls = {"replicas": None, "runtime": None, "rollout": {"keepStable": None}}
    assert read({**MINIMAL, **nulls}) == read(MINIMAL)


def test_a_field_of_a_newer_version_is_ignored() -> None:
    newer = read({**MINIMAL, "tomorrow": {"a": 1}, "service": {"tomorrow": 1}})
    assert newer == read(MINIMAL)


def test_a_spec_cannot_be_changed_in_place() -> None:
    with pytest.raises(ValidationError):
        read(MINIMAL).paused = True  # type: ignore[misc]


def test_a_status_comes_back_as_it_was_written() -> None:
    status = ModelDeploymentStatus.model_validate(STATUS)
    assert status.to_wire() == STATUS


def test_an_object_without_status_has_an_empty_one() -> None:
    assert ModelDeployment.model_validate({"spec": MINIMAL}).status == ModelDeploymentStatus()


def test_a_long_message_is_cut_so_that_the_api_server_takes_it() -> None:
    message = ModelDeploymentStatus(message="x" * 5000).message
    assert message is not None
    assert len(message) == MESSAGE_LIMIT
    assert message.endswith("x…")
