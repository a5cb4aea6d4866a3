"""A plan is carried out in order, completely, and never against somebody else."""

import copy
from typing import Any

import pytest

from controller_testing.samples import OWNER, spec
from controller_testing.world import World
from slipway_operator.api.reasons import Reason
from slipway_operator.desired.revisions import revision_name
from slipway_operator.kube import ForbiddenError, InvalidError
from slipway_operator.objects import DEPLOYMENT, SERVICE, Kind, Obj, Ref

A, B = (revision_name(spec(name)) for name in "ab")
ENTRY = Ref(SERVICE, "iris")


class Strict(World):
    """A world in which some writes are refused, and some names are taken."""

    def __init__(self, raw: Obj) -> None:
        super().__init__(raw)
        self.refuses: dict[Ref, Exception] = {}
        self.taken: dict[Ref, Obj] = {}

    async def get(self, kind: Kind, namespace: str, name: str) -> Obj | None:
        return self.taken.get(Ref(kind, name)) or await super().get(kind, namespace, name)

    async def apply(self, kind: Kind, obj: Obj, manager: str, subresource: str = "") -> Obj:
        if error := self.refuses.get(Ref(kind, obj["metadata"]["name"])):
            raise error
        return await super().apply(kind, obj, manager, subresource)


def foreign(kind: str, name: str, **meta: Any) -> Obj:
    return {"kind": kind, "metadata": {"name": name, "namespace": OWNER.namespace, **meta}}


def controlled_by(kind: str, name: str, uid: str) -> list[Obj]:
    return [{"kind": kind, "name": name, "uid": uid, "controller": True}]


def test_a_second_look_writes_nothing() -> None:
    world = World(spec(replicas=2))
    world.settle()
    before = len(world.writes)

    world.reconcile()

    assert len(world.writes) == before


def test_an_object_of_somebody_else_is_left_alone_and_named() -> None:
    world = Strict(spec())
    ref = Ref(DEPLOYMENT, f"iris-{A}")
    world.taken[ref] = foreign("Deployment", ref.name)

    world.reconcile()

    fault = world.outcome.faults[ref]
    assert fault.reason is Reason.NAME_CONFLICT
    assert f"Deployment iris-{A} exists already" in fault.message
    assert ref not in world.objects
    assert ENTRY in world.objects


def test_a_leftover_of_a_deleted_namesake_is_waited_for() -> None:
    world = Strict(spec())
    owners = controlled_by("ModelDeployment", OWNER.name, "uid-of-the-deleted-one")
    world.taken[ENTRY] = foreign("Service", ENTRY.name, ownerReferences=owners)

    world.reconcile()

    assert world.outcome.waits_for_leftovers
    assert not world.outcome.faults


def test_one_refused_object_does_not_hold_up_the_others() -> None:
    world = Strict(spec())
    ref = Ref(SERVICE, f"iris-{A}")
    world.refuses[ref] = InvalidError("spec.ports: no")

    world.reconcile()

    assert world.outcome.faults[ref].reason is Reason.APPLY_REJECTED
    assert Ref(DEPLOYMENT, f"iris-{A}") in world.objects


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("exceeded quota: team", Reason.QUOTA_EXCEEDED),
        ("User cannot patch resource", Reason.FORBIDDEN),
    ],
)
def test_what_may_not_be_written_is_told(words: str, reason: Reason) -> None:
    world = Strict(spec())
    world.refuses[ENTRY] = ForbiddenError(words)

    world.reconcile()

    assert world.outcome.faults[ENTRY].reason is reason


def test_nothing_is_deleted_while_the_entry_cannot_be_moved() -> None:
    world = Strict(spec(rollout={"keepStable": "0s"}))
    world.settle()
    world.spec = {**world.spec, **spec("b")}
    world.reconcile()
    world.run_controllers()
    world.make_ready(B)
    world.run_controllers()
    world.refuses[ENTRY] = InvalidError("no")

    world.reconcile()

    assert world.entry == A
    assert Ref(DEPLOYMENT, f"iris-{A}") in world.objects


def test_what_was_edited_and_what_was_created_is_told_apart() -> None:
    world = World(spec())
    world.settle()
    edited = Ref(SERVICE, f"iris-{A}")
    fields = world.objects[edited]["metadata"]["managedFields"][0]["fieldsV1"]
    del fields["f:spec"]["f:selector"]
    before = copy.deepcopy(world.objects[edited])
    world.remove(ENTRY)

    world.reconcile()

    assert world.outcome.edited == [before]
    assert [item["metadata"]["name"] for item in world.outcome.created] == ["iris"]
