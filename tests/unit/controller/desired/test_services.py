"""The entry Service carries the rollout's memory, and reads it back."""

from dataclasses import replace

from controller_testing.samples import NOW, OWNER
from slipway_operator.api.v1alpha1 import ServiceSpec
from slipway_operator.desired.services import Entry, build_entry_service, read_entry_service

ENTRY = Entry("0a1b2c3d", promoted_at=NOW, previous="4e5f6a7b")


def test_what_an_entry_says_comes_back() -> None:
    for entry in (ENTRY, replace(ENTRY, previous=None), Entry("0a1b2c3d")):
        assert read_entry_service(build_entry_service(OWNER, ServiceSpec(), entry)) == entry


def test_a_hand_that_edits_the_selector_does_not_change_what_is_remembered() -> None:
    service = build_entry_service(OWNER, ServiceSpec(), ENTRY)
    service["spec"]["selector"] = {"app": "somebody-elses"}

    assert read_entry_service(service) == ENTRY


def test_a_hand_that_takes_the_annotations_leaves_the_selector() -> None:
    service = build_entry_service(OWNER, ServiceSpec(), ENTRY)
    del service["metadata"]["annotations"]

    assert read_entry_service(service) == Entry("0a1b2c3d")


def test_an_entry_without_either_says_nothing() -> None:
    service = build_entry_service(OWNER, ServiceSpec(), ENTRY)
    del service["metadata"]["annotations"]
    del service["spec"]["selector"]

    assert read_entry_service(service) is None


def test_the_users_annotations_do_not_replace_the_memory() -> None:
    spec = ServiceSpec(annotations={"serving.slipway.dev/selected-revision": "forged", "a": "b"})

    service = build_entry_service(OWNER, spec, ENTRY)

    assert read_entry_service(service) == ENTRY
    assert service["metadata"]["annotations"]["a"] == "b"
