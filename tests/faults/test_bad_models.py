"""Every way a model can be bad: the reason is named, an event says so, and users notice nothing."""

import pickle
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from slipway_testing import models
from slipway_testing.models import Artifact, adding
from slipway_testing.scene import SMALL, Model, adder, adds
from slipway_testing.waiting import becomes, steadily

pytestmark = pytest.mark.cluster
MakeModel = Callable[[str], Model]
GOOD = adding(1)


@dataclass(frozen=True)
class Bad:
    """A model that cannot serve: the file, its claimed digest, the reason, words of the message."""

    file: str
    sha256: str
    reason: str
    words: str


def as_is(artifact: Artifact, reason: str, words: str) -> Bad:
    return Bad(artifact.name, artifact.sha256, reason, words)


BAD = {
    "wrong sha256": Bad(adding(2).name, "0" * 64, "ChecksumMismatch", "0000"),
    "404": Bad("no-such-model.onnx", "0" * 64, "ModelNotFound", "404"),
    "truncated file": as_is(models.truncated(), "FormatRejected", "ONNX"),
    "pickle named model.onnx": as_is(models.pickled(), "FormatRejected", "pickle"),
    "external data outside its folder": as_is(models.escaping(), "FormatRejected", "outside"),
    "larger than the memory limit": as_is(models.swelling(2), "LoadFailed", "memory"),
}


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD.keys())
def test_a_bad_model_is_named_and_hurts_nobody(make_model: MakeModel, store: str, bad: Bad) -> None:
    good = adder(store, 1)
    model = make_model("victim").apply(good).becomes_ready()
    pods = model.pod_uids()

    model.change(model={"uri": f"{store}/{bad.file}", "sha256": bad.sha256})

    ready = model.becomes_unready(bad.reason)
    assert bad.words in ready["message"]
    assert bad.words in model.tells(bad.reason)
    assert model.condition("Serving")["status"] == "True"
    assert model.status["phase"] == "Degraded"
    steadily(lambda: model.answers(adds(1)), during=1)

    with_the_bad_one = model.pod_uids()
    model.apply(good).becomes_ready()
    assert model.pod_uids() <= with_the_bad_one, "going back to what serves starts no pod"
    becomes(model.pod_uids, pods)


def test_a_first_model_that_is_bad_serves_nobody_and_the_good_one_then_does(
    make_model: MakeModel, store: str
) -> None:
    bad = {"uri": f"{store}/{GOOD.name}", "sha256": "0" * 64}
    model = make_model("victim").apply({"model": bad, "runtime": {"resources": SMALL}})
    model.becomes_unready("ChecksumMismatch")
    assert model.condition("Serving")["status"] == "False"

    model.apply(adder(store, 1)).becomes_ready()
    model.answers(adds(1))


def test_the_pickle_in_the_tests_is_one() -> None:
    assert pickle.loads(models.pickled().content)
