"""The replacement of a model, told as stories, in a cluster in memory."""

import pytest

from controller_testing.samples import spec
from controller_testing.world import DiedError, World
from slipway_operator.desired.revisions import revision_name
from slipway_operator.objects import (
    AUTOSCALER,
    BUDGET,
    CONTROLLER_REVISION,
    DEPLOYMENT,
    SERVICE,
    Obj,
    Ref,
    annotations_of,
)
from slipway_operator.strategy.bluegreen import Role
from slipway_operator.strategy.observed import ABORTED

A, B, C = (revision_name(spec(name)) for name in "abc")
SCALING = {"minReplicas": 2, "maxReplicas": 6, "metrics": [{"type": "CPU", "target": 80}]}


def serving(name: str = "a", **fields: object) -> World:
    """A world in which a model is served."""
    world = World(spec(name, **fields))
    world.settle()
    return world


def change(world: World, name: str, **fields: object) -> None:
    """Edit the spec; nothing looks yet."""
    world.spec = {**world.spec, **spec(name, **fields)}


def look(world: World) -> None:
    """Let the operator look once, and the controllers follow."""
    world.reconcile()
    world.run_controllers()


def test_the_first_model_is_served_as_soon_as_it_is_ready() -> None:
    world = World(spec(replicas=2))

    look(world)
    assert world.entry == A
    assert world.reconcile().decision.stable is None
    world.make_ready(A)
    world.run_controllers()

    assert world.reconcile().decision.stable == A


def test_the_new_one_takes_over_when_all_its_pods_are_ready_and_not_before() -> None:
    world = serving(replicas=2)
    change(world, "b")
    look(world)
    world.make_ready(B, count=1)
    look(world)
    assert world.entry == A

    world.make_ready(B)
    world.run_controllers()
    look(world)

    assert world.entry == B


def test_ready_pods_that_the_network_has_not_seen_do_not_count() -> None:
    world = serving()
    change(world, "b")
    look(world)
    world.make_ready(B)
    world.run_controllers()
    world.remove(Ref(SERVICE, f"iris-{B}"))  # so that no endpoint is known

    look(world)

    assert world.entry == A


def test_the_old_one_stays_warm_for_keep_stable_and_then_goes() -> None:
    world = serving(replicas=2, rollout={"keepStable": "1m"})
    change(world, "b")
    world.settle()

    world.pass_time(59)
    world.settle()
    assert world.running() == {A: 2, B: 2}
    assert world.ready(A) == 2
    world.pass_time(2)
    world.settle()

    assert world.running() == {B: 2}
    assert Ref(CONTROLLER_REVISION, f"iris-{A}") in world.objects


def test_the_candidates_pods_become_the_stables() -> None:
    world = serving()
    change(world, "b")
    look(world)
    pods = {name for name in world.pods if name.startswith(B)}

    world.settle()
    world.pass_time(3600)
    world.settle()

    assert set(world.pods) == pods


def test_going_back_while_the_old_one_is_warm_starts_no_pod_and_takes_one_look() -> None:
    world = serving(replicas=3)
    change(world, "b")
    world.settle()
    started = world.pods_started

    change(world, "a")
    world.reconcile()

    assert world.entry == A
    world.settle()
    assert world.pods_started == started


def test_a_promotion_is_one_write() -> None:
    world = serving()
    change(world, "b")
    look(world)
    world.make_ready(B)
    world.run_controllers()
    before = dict(world.objects)

    plan = world.reconcile()

    entry = Ref(SERVICE, "iris")
    assert plan.decision.stable == B
    assert world.objects[entry]["spec"]["selector"] != before[entry]["spec"]["selector"]
    changed = {ref for ref in before if world.objects[ref] != before[ref]}
    assert changed - {entry} <= {Ref(BUDGET, "iris"), Ref(DEPLOYMENT, f"iris-{B}")}


def test_a_third_content_replaces_the_candidate_and_never_the_stable() -> None:
    world = serving()
    change(world, "b")
    look(world)

    change(world, "c")
    look(world)

    assert set(world.running()) == {A, C}
    assert world.entry == A


def test_a_new_rollout_ends_the_warm_time_of_the_one_before_the_last() -> None:
    world = serving()
    change(world, "b")
    world.settle()

    change(world, "c")
    look(world)

    assert set(world.running()) == {B, C}


def test_a_candidate_that_is_not_ready_in_time_is_given_up_and_left_for_a_look() -> None:
    world = serving(replicas=2, rollout={"progressDeadline": "1m"})
    change(world, "b")
    look(world)

    world.pass_time(61)
    world.settle(broken=frozenset({B}))

    assert world.entry == A
    assert world.running() == {A: 2, B: 0}
    assert ABORTED in annotations_of(deployment(world, B))


def test_the_very_same_spec_stays_given_up_and_another_starts_afresh() -> None:
    world = serving(rollout={"progressDeadline": "1m"})
    change(world, "b")
    look(world)
    world.pass_time(61)
    world.settle(broken=frozenset({B}))

    world.pass_time(3600)
    world.settle()
    assert world.running()[B] == 0
    change(world, "c")
    world.settle()
    assert world.entry == C
    change(world, "b")
    world.settle()

    assert world.entry == B


def test_a_deployment_deleted_by_hand_gives_a_candidate_another_chance() -> None:
    world = serving(rollout={"progressDeadline": "1m"})
    change(world, "b")
    look(world)
    world.pass_time(61)
    world.settle(broken=frozenset({B}))

    world.remove(Ref(DEPLOYMENT, f"iris-{B}"))
    world.settle()

    assert world.entry == B


def test_a_return_to_the_stable_drops_what_was_given_up() -> None:
    world = serving(rollout={"progressDeadline": "1m"})
    change(world, "b")
    look(world)
    world.pass_time(61)
    world.settle(broken=frozenset({B}))

    change(world, "a")
    world.settle()

    assert set(world.running()) == {A}


def test_a_bad_stable_does_not_block_the_fix() -> None:
    world = serving(replicas=3)
    world.kill_pods(A)
    change(world, "b")
    look(world)

    world.make_ready(B, count=1)
    world.run_controllers()
    world.reconcile()

    assert world.entry == B


def test_a_first_model_that_never_worked_gives_way_at_once() -> None:
    world = World(spec("a"))
    look(world)

    change(world, "b")
    look(world)

    assert world.entry == B
    assert set(world.running()) == {B}


def test_a_new_stable_that_loses_every_pod_gives_way_to_the_warm_one() -> None:
    world = serving()
    change(world, "b")
    world.settle()

    world.kill_pods(B)
    look(world)
    assert world.entry == A
    world.settle()

    assert world.entry == B


def test_paused_nothing_is_started_moved_or_removed_but_everything_is_healed() -> None:
    world = serving(replicas=2)
    change(world, "b")
    look(world)
    change(world, "c", paused=True)
    world.remove(Ref(SERVICE, f"iris-{A}"))
    world.make_ready(B)

    world.pass_time(3600)
    world.settle()
    assert world.running() == {A: 2, B: 2}
    assert world.entry == A
    assert Ref(SERVICE, f"iris-{A}") in world.objects
    change(world, "c", paused=False)
    world.settle()

    assert world.entry == C


def test_a_new_model_that_is_paused_from_the_start_runs_nothing() -> None:
    world = World(spec(paused=True))

    world.settle()

    assert not world.running()
    assert world.entry is None


def test_a_paused_time_does_not_count_against_the_deadline() -> None:
    world = serving(rollout={"progressDeadline": "1m"})
    change(world, "b")
    look(world)
    change(world, "b", paused=True)
    world.pass_time(3600)
    look(world)

    change(world, "b", paused=False)
    look(world)

    assert world.running()[B] == 1


def test_no_replicas_means_no_pods_and_a_new_model_still_takes_its_place() -> None:
    world = serving(replicas=0)
    change(world, "b")

    world.settle()

    assert world.entry == B
    assert not world.pods


def test_old_revisions_are_remembered_up_to_the_limit() -> None:
    world = serving(revisionHistoryLimit=1)
    for name in "bcde":
        change(world, name)
        world.settle()
        world.pass_time(3600)
        world.settle()

    kept = [ref for ref in world.objects if ref.kind == CONTROLLER_REVISION]
    assert len(kept) == 2


def test_an_entry_deleted_by_hand_comes_back_to_the_revision_that_serves() -> None:
    world = serving(replicas=2)
    change(world, "b")
    look(world)
    world.make_ready(B, count=1)
    world.remove(Ref(SERVICE, "iris"))

    look(world)

    assert world.entry == A


class TestAutoscaling:
    """With an autoscaler the operator leaves the count alone, and hands it over unharmed."""

    def test_a_candidate_starts_with_as_many_pods_as_the_stable_has(self) -> None:
        world = serving(autoscaling=SCALING)
        world.autoscale(5)
        world.run_controllers()
        world.make_ready(A)

        change(world, "b")
        look(world)

        assert world.running() == {A: 5, B: 5}

    def test_the_candidate_has_no_autoscaler_before_it_serves(self) -> None:
        world = serving(autoscaling=SCALING)
        change(world, "b")
        look(world)
        assert scaled(world) == {A}

        world.settle()

        assert scaled(world) == {B}

    def test_turning_it_on_keeps_the_count(self) -> None:
        world = serving(replicas=5)

        world.spec = {**spec(), "autoscaling": SCALING}
        look(world)

        assert world.running() == {A: 5}
        world.autoscale(4)
        look(world)
        assert world.running() == {A: 4}

    def test_turning_it_off_sets_the_count_of_the_spec(self) -> None:
        world = serving(autoscaling=SCALING)
        world.autoscale(6)

        world.spec = spec(replicas=3)
        world.settle()

        assert world.running() == {A: 3}
        assert not scaled(world)

    def test_from_nothing_it_starts_with_the_minimum(self) -> None:
        world = serving(replicas=0)

        world.spec = {**spec(), "autoscaling": SCALING}
        look(world)

        assert world.running() == {A: 2}

    def test_a_deployment_deleted_by_hand_comes_back_as_large_as_it_was(self) -> None:
        world = serving(autoscaling=SCALING)
        world.autoscale(5)
        world.remove(Ref(DEPLOYMENT, f"iris-{A}"))

        look(world)

        assert world.running() == {A: 5}


@pytest.mark.parametrize("writes", range(16))
def test_an_operator_that_dies_after_any_write_leaves_the_same_end(writes: int) -> None:
    undisturbed, killed = serving(replicas=2), serving(replicas=2)
    for world in (undisturbed, killed):
        change(world, "b", autoscaling=SCALING)
        del world.spec["replicas"]
    undisturbed.settle()

    for _ in range(3):
        try:
            killed.reconcile(dies_after=writes)
        except DiedError:
            killed.run_controllers()
            killed.make_ready(B)
            killed.run_controllers()
    killed.settle()

    assert stripped(killed) == stripped(undisturbed)


def test_while_a_candidate_is_given_up_its_role_says_so() -> None:
    world = serving(rollout={"progressDeadline": "1s"})
    change(world, "b")
    look(world)
    world.pass_time(2)

    plan = world.reconcile()

    assert plan.decision.roles == {A: Role.STABLE, B: Role.ABORTED}


def deployment(world: World, revision: str) -> Obj:
    found = world.deployment(revision)
    assert found is not None
    return found


def scaled(world: World) -> set[str]:
    """The revisions that have an autoscaler."""
    names = (ref.name for ref in world.objects if ref.kind == AUTOSCALER)
    return {name.removeprefix("iris-") for name in names}


def stripped(world: World) -> dict[Ref, Obj]:
    """Everything but what differs from one life to the next."""
    lives = ("uid", "resourceVersion", "generation", "managedFields")
    return {
        ref: {
            **obj,
            "metadata": {k: v for k, v in obj["metadata"].items() if k not in lives},
            "status": {**obj.get("status", {}), "observedGeneration": 0},
        }
        for ref, obj in world.objects.items()
    }
