"""A live model is replaced under load: nobody notices, and the way back is instant."""

import time
from collections.abc import Callable

import pytest

from slipway_testing.load import Load
from slipway_testing.scene import Model, adder, adds
from slipway_testing.waiting import becomes, eventually, steadily

pytestmark = pytest.mark.cluster
MakeModel = Callable[[str], Model]
StartLoad = Callable[..., Load]


def test_a_new_model_takes_over_under_load_without_a_failed_request(
    make_model: MakeModel, store: str, start_load: StartLoad
) -> None:
    rollout = {"keepStable": "5s"}
    model = make_model("live").apply(adder(store, 1, replicas=2, rollout=rollout)).becomes_ready()
    old = model.status["stable"]["revision"]
    load = start_load(model, rate=60, seconds=50)

    model.apply(adder(store, 2, replicas=2, rollout=rollout)).becomes_ready()
    model.answers(adds(2))
    becomes(lambda: old in _revisions(model), False)

    summary = load.summary()
    load.then_no_request_failed()
    assert set(summary["by_revision"]) == {old, model.status["stable"]["revision"]}
    assert model.status["history"][0]["outcome"] == "Promoted"
    model.tells("Promoted")


def test_going_back_within_keep_stable_starts_no_pod(make_model: MakeModel, store: str) -> None:
    model = make_model("back").apply(adder(store, 1)).becomes_ready()
    first = model.pod_uids()
    model.apply(adder(store, 2)).becomes_ready()
    both = model.pod_uids()
    assert first < both

    began = time.monotonic()
    model.apply(adder(store, 1)).becomes_ready()
    print(f"back after {time.monotonic() - began:.2f} s")

    model.answers(adds(1))
    assert model.pod_uids() == both
    assert model.status["history"][0]["outcome"] == "RolledBack"


def test_a_third_model_replaces_the_candidate_never_the_stable(
    make_model: MakeModel, store: str
) -> None:
    model = make_model("third").apply(adder(store, 1)).becomes_ready()
    stuck = adder(store, 2)
    stuck["runtime"]["resources"]["requests"]["cpu"] = "500"
    model.apply(stuck)
    becomes(lambda: len(model.pods()), 2)

    model.apply(adder(store, 3))

    steadily(lambda: _assert_answers_one_of(model, adds(1), adds(3)), during=1)
    model.becomes_ready()
    model.answers(adds(3))
    assert "Superseded" in [entry["outcome"] for entry in model.status["history"]]


def test_a_candidate_that_never_gets_ready_is_given_up_at_its_deadline(
    make_model: MakeModel, store: str
) -> None:
    rollout = {"progressDeadline": "10s"}
    model = make_model("late").apply(adder(store, 1, rollout=rollout)).becomes_ready()
    stuck = adder(store, 2, rollout=rollout)
    stuck["runtime"]["resources"]["requests"]["cpu"] = "500"

    model.apply(stuck)

    eventually(lambda: _assert_outcome(model, "Aborted"))
    assert model.status["phase"] == "Degraded"
    assert model.condition("Serving")["status"] == "True"
    model.answers(adds(1))
    becomes(lambda: len(model.pods()), 1)


def _revisions(model: Model) -> set[str]:
    return {pod["metadata"]["labels"]["serving.slipway.dev/revision"] for pod in model.pods()}


def _assert_answers_one_of(model: Model, *expected: list[float]) -> None:
    answer = model.predict()
    assert answer.is_success, answer.text
    assert answer.json()["outputs"][0]["data"] in expected


def _assert_outcome(model: Model, outcome: str) -> None:
    assert outcome in [entry["outcome"] for entry in model.status.get("history", [])]
