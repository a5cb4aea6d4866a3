"""Reading what a ModelDeployment and its pods say of themselves."""

from typing import Any

import pytest

from deploy.demo import state


def model(ready: str = "True", observed: int = 2, version: str = "1.1.0") -> dict[str, Any]:
    return {
        "metadata": {"generation": 2},
        "status": {
            "observedGeneration": observed,
            "phase": "Healthy",
            "conditions": [{"type": "Ready", "status": ready}],
            "stable": {"revision": "aaaa", "version": version},
            "candidate": {"revision": "bbbb", "version": "1.2.0"},
        },
    }


def test_a_model_is_ready_when_its_present_spec_is_live() -> None:
    assert state.is_ready(model(), "1.1.0")


@pytest.mark.parametrize(
    "other", [model(ready="False"), model(observed=1), model(version="1.0.0"), {"metadata": {}}]
)
def test_anything_less_is_not_ready(other: dict[str, Any]) -> None:
    other["metadata"].setdefault("generation", 1)

    assert not state.is_ready(other, "1.1.0")


def test_revisions_are_told_by_their_versions() -> None:
    assert state.versions(model()) == {"aaaa": "1.1.0", "bbbb": "1.2.0"}


def test_a_model_that_nobody_has_touched_says_nothing() -> None:
    fresh: dict[str, Any] = {"metadata": {"generation": 1}}

    assert (state.versions(fresh), state.phase(fresh), state.message(fresh)) == ({}, "", "")


@pytest.mark.parametrize("leaving", [True, False])
def test_a_pod_is_known_by_its_revision(leaving: bool) -> None:
    deleted = {"deletionTimestamp": "2026-01-01T00:00:00Z"} if leaving else {}
    pod = {
        "metadata": {"labels": {"serving.slipway.dev/revision": "aaaa"}, **deleted},
        "status": {"conditions": [{"type": "Ready", "status": "True"}]},
    }

    found = state.to_pod(pod, {"aaaa": "1.1.0"})

    assert (found.version, found.ready, found.leaving) == ("1.1.0", True, leaving)
