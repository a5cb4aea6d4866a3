"""A revision is one content of model and runtime, as the user wrote it, and nothing else."""

import pytest

from controller_testing.samples import DEFAULTS, OWNER, spec
from slipway_operator.desired.controllerrevision import (
    build_controller_revision,
    read_controller_revision,
)
from slipway_operator.desired.revisions import Defaults, new_revision, revision_name
from slipway_operator.objects import Obj


def test_the_name_of_a_revision_is_the_same_in_every_version() -> None:
    plain = {"model": {"uri": "https://example.com/m.onnx", "sha256": "0" * 64}}

    assert revision_name(plain) == "b8146998"
    assert revision_name({**plain, "runtime": {"warmup": {"requests": 3}}}) == "400b0e7e"


@pytest.mark.parametrize(
    "same",
    [
        spec(replicas=5, paused=True, rollout={"keepStable": "1s"}),
        spec(runtime={}),
        spec(runtime=None),
        {"model": dict(reversed(spec()["model"].items()))},
        {"model": {**spec()["model"], "inputs": None}},
    ],
    ids=["other fields", "empty runtime", "null runtime", "other order", "a null"],
)
def test_what_is_no_part_of_the_content_makes_no_revision(same: Obj) -> None:
    assert revision_name(same) == revision_name(spec())


@pytest.mark.parametrize(
    "other",
    [
        spec("b"),
        spec(runtime={"warmup": {"requests": 3}}),
        {"model": {**spec()["model"], "fieldOfTheFuture": 1}},
    ],
    ids=["another model", "a default written out", "an unknown field"],
)
def test_every_change_of_the_content_makes_a_revision(other: Obj) -> None:
    assert revision_name(other) != revision_name(spec())


def test_a_revision_comes_back_from_its_object_unchanged() -> None:
    revision = new_revision(spec(runtime={"env": [{"name": "A", "value": "b"}]}), 7, DEFAULTS)

    assert read_controller_revision(build_controller_revision(OWNER, revision)) == revision


def test_a_revision_keeps_the_image_of_its_first_day() -> None:
    newer = Defaults("runtime:2", "Always", 1, "")
    kept = build_controller_revision(OWNER, new_revision(spec(), 1, DEFAULTS))

    assert read_controller_revision(kept).image == DEFAULTS.image
    assert new_revision(spec(), 1, newer).image == "runtime:2"
    assert new_revision(spec(runtime={"image": "mine:1"}), 1, newer).image == "mine:1"
