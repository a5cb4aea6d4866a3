"""One repair comes at once; somebody who insists is answered ever more rarely."""

from datetime import timedelta

import pytest

from controller_testing.samples import NOW, spec
from controller_testing.world import World
from slipway_operator.desired.revisions import revision_name
from slipway_operator.objects import SERVICE, Ref
from slipway_operator.restraint import FIRST_PAUSE, LONGEST_PAUSE, Restraint

SECOND = timedelta(seconds=1)


@pytest.fixture
def restraint() -> Restraint:
    return Restraint()


def test_the_first_repair_is_never_held_up(restraint: Restraint) -> None:
    assert restraint.wait_until("a", NOW) is None


def test_each_repair_soon_after_the_last_waits_twice_as_long(restraint: Restraint) -> None:
    now, pauses = NOW, []
    for _ in range(12):
        restraint.repaired("a", now)
        until = restraint.wait_until("a", now)
        assert until is not None
        pauses.append(until - now)
        now = until

    assert pauses[:3] == [FIRST_PAUSE, FIRST_PAUSE * 2, FIRST_PAUSE * 4]
    assert pauses[-1] == LONGEST_PAUSE
    assert restraint.wait_until("a", now) is None


def test_a_repair_long_after_the_last_is_a_first_one_again(restraint: Restraint) -> None:
    restraint.repaired("a", NOW)
    later = NOW + 3 * FIRST_PAUSE

    restraint.repaired("a", later)

    assert restraint.wait_until("a", later) == later + FIRST_PAUSE


def test_one_childs_troubles_are_not_anothers(restraint: Restraint) -> None:
    restraint.repaired("a", NOW)

    assert restraint.wait_until("b", NOW) is None


def test_a_fight_costs_few_writes_and_holds_up_no_new_wish() -> None:
    world = World(spec())
    world.settle()
    entry = Ref(SERVICE, "iris")
    before = len(world.writes)

    for _ in range(600):
        world.objects[entry]["metadata"]["managedFields"][0]["fieldsV1"].pop("f:spec", None)
        world.reconcile()
        world.pass_time(1)

    assert len(world.writes) - before < 12
    assert world.outcome.repair_at
    world.spec = {**world.spec, **spec("b")}
    world.settle()
    assert world.entry == revision_name(spec("b"))
