"""What belongs to a ModelDeployment, and what only looks so."""

from typing import Any

from controller_testing.samples import OWNER
from slipway_operator.desired.labels import common_labels
from slipway_operator.objects import Obj
from slipway_operator.observe import belongs_to, stranger


def child(*, uid: str | None, name: str = OWNER.name, kind: str = "ModelDeployment") -> Obj:
    owners: list[dict[str, Any]] = []
    if uid:
        owners = [{"kind": kind, "name": name, "uid": uid, "controller": True}]
    return {
        "kind": "Service",
        "metadata": {"name": "iris", "labels": common_labels(OWNER), "ownerReferences": owners},
    }


def test_a_child_belongs_to_the_owner_with_its_uid() -> None:
    assert belongs_to(OWNER, child(uid=OWNER.uid))
    assert not belongs_to(OWNER, child(uid="another"))


def test_an_orphan_that_slipway_made_is_taken_back() -> None:
    assert belongs_to(OWNER, child(uid=None))


def test_an_object_that_only_wears_the_label_is_not() -> None:
    impostor = child(uid=None)
    del impostor["metadata"]["labels"]["app.kubernetes.io/managed-by"]

    assert not belongs_to(OWNER, impostor)


def test_a_stranger_is_named_with_its_owner() -> None:
    found = stranger(OWNER, child(uid="x", kind="Application", name="shop"))

    assert found.words == "Service iris exists already and belongs to Application shop"
    assert not found.is_leftover


def test_a_child_of_a_deleted_namesake_is_about_to_vanish() -> None:
    assert stranger(OWNER, child(uid="x")).is_leftover
    assert not stranger(OWNER, child(uid="x", name="other")).is_leftover
    assert not stranger(OWNER, child(uid=None)).is_leftover
