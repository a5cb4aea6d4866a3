"""What happened is told once, by whomever, however often it is noticed."""

from dataclasses import replace
from datetime import timedelta

from controller_testing.samples import NOW, OWNER
from slipway_operator.api.reasons import Reason
from slipway_operator.api.status import (
    HistoryEntry,
    ModelDeploymentStatus,
    Outcome,
    RevisionStatus,
    RolloutStatus,
)
from slipway_operator.diagnosis import Fault
from slipway_operator.events import Told, build_event, restored, transitions
from slipway_operator.status import failed_status, first_status

FIRST = first_status(1, NOW)


def faulty(message: str = "sha256 is other") -> ModelDeploymentStatus:
    return failed_status(FIRST, Fault(Reason.CHECKSUM_MISMATCH, message), 1, NOW)


def reasons(old: ModelDeploymentStatus, new: ModelDeploymentStatus) -> list[Reason]:
    return [told.reason for told in transitions(old, new)]


def test_nothing_new_is_no_news() -> None:
    assert reasons(FIRST, FIRST) == []
    assert reasons(faulty(), faulty("in other words")) == []


def test_trouble_is_told_when_it_begins() -> None:
    [told] = transitions(FIRST, faulty())

    assert told.reason is Reason.CHECKSUM_MISMATCH
    assert told.note == "sha256 is other"


def test_a_rollout_is_told_when_it_begins_and_when_it_ends() -> None:
    begun = FIRST.model_copy(
        update={
            "candidate": RevisionStatus(revision="b"),
            "rollout": RolloutStatus(started_at=NOW),
        }
    )
    entry = HistoryEntry(revision="b", outcome=Outcome.PROMOTED, time=NOW)
    ended = FIRST.model_copy(update={"history": (entry,)})

    assert reasons(FIRST, begun) == [Reason.ROLLOUT_STARTED]
    assert reasons(begun, ended) == [Reason.PROMOTED]


def test_the_same_thing_noticed_twice_has_the_same_name() -> None:
    [one] = transitions(FIRST, faulty())
    [other] = transitions(FIRST, faulty("in other words"))
    later = NOW + timedelta(seconds=5)

    names = [build_event(OWNER, one, "x", NOW), build_event(OWNER, other, "y", later)]

    assert names[0]["metadata"]["name"] == names[1]["metadata"]["name"]


def test_a_like_thing_at_another_time_has_another_name() -> None:
    told = Told(Reason.READY, "it serves", "1")
    again = replace(told, identity="2")

    names = {build_event(OWNER, item, "x", NOW)["metadata"]["name"] for item in (told, again)}

    assert len(names) == 2


def test_an_event_is_about_the_modeldeployment_and_has_the_reasons_type() -> None:
    event = build_event(OWNER, Told(Reason.CHECKSUM_MISMATCH, "w" * 2000, "1"), "me", NOW)

    assert event["involvedObject"]["uid"] == OWNER.uid
    assert event["type"] == "Warning"
    assert len(event["message"]) <= 1024


def test_the_name_of_an_event_is_legal_for_the_longest_of_names() -> None:
    owner = replace(OWNER, name="a" * 199 + "." + "b" * 53)

    name = build_event(owner, Told(Reason.READY, "", "1"), "me", NOW)["metadata"]["name"]

    assert len(name) <= 253
    assert ".." not in name


def test_a_child_put_right_is_named() -> None:
    meta = {"name": "iris", "uid": "u", "resourceVersion": "7"}

    told = restored({"kind": "Service", "metadata": meta}, "changed by someone else")

    assert told.note == "Service iris had been changed by someone else and was put right"
    assert told.identity == "u/7"
