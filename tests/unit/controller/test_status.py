"""What users read, told along the life of a ModelDeployment in a cluster in memory."""

from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from controller_testing.samples import NOW, spec
from controller_testing.world import World
from slipway_operator.api.reasons import Reason
from slipway_operator.api.status import (
    Condition,
    ConditionType,
    ModelDeploymentStatus,
    Outcome,
    Phase,
)
from slipway_operator.api.v1alpha1 import ModelDeploymentSpec
from slipway_operator.desired.revisions import revision_name
from slipway_operator.diagnosis import Fault
from slipway_operator.objects import SERVICE, Obj, Ref
from slipway_operator.status import failed_status, first_status, next_status, to_wire
from slipway_operator.verdict import View

A, B = (revision_name(spec(name)) for name in "ab")
CRASH = {"exitCode": 1, "message": '{"reason": "ChecksumMismatch", "message": "sha256 is other"}'}


@dataclass
class Life:
    """A ModelDeployment whose status is written after each look."""

    world: World
    status: ModelDeploymentStatus = field(default_factory=ModelDeploymentStatus)
    generation: int = 1

    def look(self, refused: dict[Ref, Fault] | None = None) -> ModelDeploymentStatus:
        plan = self.world.reconcile()
        self.world.run_controllers()
        view = View(
            generation=self.generation,
            old=self.status,
            spec=ModelDeploymentSpec.model_validate(self.world.spec),
            observed=self.world.observed(),
            plan=plan,
            refused=refused or {},
            now=self.world.now,
        )
        self.status = next_status(view)
        return self.status

    def settle(self) -> ModelDeploymentStatus:
        self.world.settle()
        return self.look()

    def change(self, name: str, **fields: object) -> None:
        self.world.spec = {**self.world.spec, **spec(name, **fields)}
        self.generation += 1

    def crash(self, revision: str) -> None:
        for name, pod in self.world.pods.items():
            if name.startswith(revision):
                state = {"name": "fetch", "state": {"terminated": CRASH}}
                pod["status"] = {"initContainerStatuses": [state]}


def condition(status: ModelDeploymentStatus, kind: ConditionType) -> Condition:
    return next(item for item in status.conditions if item.type == kind)


def ready(status: ModelDeploymentStatus) -> tuple[str, str]:
    found = condition(status, ConditionType.READY)
    return found.status, found.reason


def serving(status: ModelDeploymentStatus) -> tuple[str, str]:
    found = condition(status, ConditionType.SERVING)
    return found.status, found.reason


def kinds(status: ModelDeploymentStatus) -> set[str]:
    return {item.type for item in status.conditions}


@pytest.fixture
def life() -> Life:
    return Life(World(spec(replicas=2)))


def test_at_first_sight_ready_is_false() -> None:
    status = first_status(1, NOW)

    assert status.phase is Phase.PENDING
    assert ready(status) == ("False", Reason.ACCEPTED)
    assert "Reconciling" in kinds(status)


def test_the_first_model_starts_and_serves(life: Life) -> None:
    life.look()
    starting = life.look()
    assert starting.phase is Phase.PROGRESSING
    assert ready(starting) == ("False", Reason.STARTING)
    assert serving(starting) == ("False", Reason.STARTING)
    assert starting.stable is None
    assert starting.candidate is not None
    assert starting.message == f"Revision {A} is starting: 0 of 2 pods ready. Nobody is served"

    healthy = life.settle()

    assert healthy.phase is Phase.HEALTHY
    assert ready(healthy) == ("True", Reason.READY)
    assert serving(healthy) == ("True", Reason.SERVING)
    assert kinds(healthy) == {"Ready", "Serving", "Progressing"}
    assert healthy.stable is not None
    assert (healthy.stable.revision, healthy.stable.version) == (A, "a")
    assert (healthy.replicas, healthy.ready_replicas) == (2, 2)
    assert healthy.url == "http://iris.team-a.svc"
    assert healthy.selector == "serving.slipway.dev/deployment=iris"


def test_a_rollout_is_not_ready_but_serving(life: Life) -> None:
    life.settle()
    life.change("b")
    life.look()

    status = life.look()

    assert status.phase is Phase.PROGRESSING
    assert ready(status) == ("False", Reason.ROLLOUT_IN_PROGRESS)
    assert serving(status) == ("True", Reason.SERVING)
    assert status.rollout is not None
    assert status.rollout.started_at == NOW
    assert status.message == f"Revision {B} is starting: 0 of 2 pods ready. Revision {A} serves"
    assert status.observed_generation == 2


def test_a_fault_is_told_as_soon_as_it_is_seen(life: Life) -> None:
    life.settle()
    life.change("b")
    life.look()
    life.crash(B)

    status = life.look()

    assert status.phase is Phase.DEGRADED
    assert ready(status) == ("False", Reason.CHECKSUM_MISMATCH)
    assert serving(status) == ("True", Reason.SERVING)
    assert "Stalled" in kinds(status)
    assert "Reconciling" not in kinds(status)
    assert status.message == f"sha256 is other. Revision {A} serves"


def test_a_rollout_that_was_given_up_keeps_its_reason_when_its_pods_are_gone(life: Life) -> None:
    life.settle()
    life.change("b")
    life.look()
    life.crash(B)
    life.world.pass_time(601)
    life.look()

    for _ in range(3):
        life.world.pass_time(600)
        status = life.look()

    assert status.phase is Phase.DEGRADED
    assert ready(status) == ("False", Reason.CHECKSUM_MISMATCH)
    assert "was given up: sha256 is other" in (status.message or "")
    assert [item.outcome for item in status.history] == [Outcome.ABORTED, Outcome.PROMOTED]


def test_a_first_model_that_takes_too_long_is_late_but_not_given_up(life: Life) -> None:
    life.look()
    life.look()
    life.world.pass_time(601)

    late = life.look()
    assert ready(late) == ("False", Reason.PROGRESS_DEADLINE_EXCEEDED)
    assert "Stalled" in kinds(late)

    assert life.settle().phase is Phase.HEALTHY


def test_the_history_tells_what_became_of_each_rollout(life: Life) -> None:
    life.settle()
    life.change("b")
    life.settle()
    life.change("c")
    life.look()
    life.look()
    life.change("b")
    life.look()
    life.change("a")
    status = life.settle()

    told = [(item.version, item.outcome) for item in status.history]
    assert told == [
        ("a", Outcome.ROLLED_BACK),
        ("c", Outcome.SUPERSEDED),
        ("b", Outcome.PROMOTED),
        ("a", Outcome.PROMOTED),
    ]


def test_pods_that_fail_in_service_make_it_unready(life: Life) -> None:
    life.settle()
    life.world.kill_pods(A, count=1)
    life.look()

    status = life.look()

    assert status.phase is Phase.PROGRESSING
    assert ready(status) == ("False", Reason.PODS_NOT_READY)
    assert serving(status) == ("True", Reason.SERVING)


def test_with_no_pod_left_nobody_is_served(life: Life) -> None:
    life.settle()
    life.world.kill_pods(A)
    life.look()

    status = life.look()

    assert ready(status) == ("False", Reason.NO_READY_PODS)
    assert serving(status) == ("False", Reason.NO_READY_PODS)


def test_no_replicas_is_ready_and_serves_nobody() -> None:
    life = Life(World(spec(replicas=0)))

    status = life.settle()

    assert ready(status) == ("True", Reason.SCALED_TO_ZERO)
    assert serving(status) == ("False", Reason.SCALED_TO_ZERO)


def test_paused_with_something_to_do_is_not_ready(life: Life) -> None:
    life.settle()
    life.change("b", paused=True)

    status = life.look()

    assert status.phase is Phase.PAUSED
    assert ready(status) == ("False", Reason.PAUSED)
    assert serving(status) == ("True", Reason.SERVING)


def test_paused_with_nothing_to_do_is_ready(life: Life) -> None:
    life.settle()
    life.change("a", paused=True)

    status = life.look()

    assert status.phase is Phase.PAUSED
    assert ready(status) == ("True", Reason.READY)


def test_a_refused_write_is_told(life: Life) -> None:
    life.settle()
    fault = Fault(Reason.NAME_CONFLICT, "Service iris exists already")

    status = life.look({Ref(SERVICE, "iris"): fault})

    assert status.phase is Phase.DEGRADED
    assert ready(status) == ("False", Reason.NAME_CONFLICT)
    assert serving(status) == ("False", Reason.NAME_CONFLICT)


def test_a_condition_keeps_its_time_until_it_changes(life: Life) -> None:
    first = life.settle()
    life.world.pass_time(60)
    life.world.kill_pods(A, count=1)
    life.look()

    second = life.look()

    before, after = (condition(s, ConditionType.SERVING) for s in (first, second))
    assert after.last_transition_time == before.last_transition_time
    changed = condition(second, ConditionType.READY)
    assert changed.last_transition_time == NOW + timedelta(seconds=60)


def test_the_status_of_a_world_at_rest_does_not_change(life: Life) -> None:
    before = to_wire(life.settle())
    life.world.pass_time(100)

    assert to_wire(life.look()) == before


def test_what_cannot_be_carried_out_leaves_what_is_known_of_the_service(life: Life) -> None:
    healthy = life.settle()
    fault = Fault(Reason.INVALID_SPEC, "spec.model: missing")

    status = failed_status(healthy, fault, 2, life.world.now)

    assert ready(status) == ("False", Reason.INVALID_SPEC)
    assert serving(status) == ("True", Reason.SERVING)
    assert status.stable == healthy.stable
    assert status.observed_generation == 2


def test_a_status_survives_its_journey_to_the_cluster_and_back(life: Life) -> None:
    wire: Obj = to_wire(life.settle())

    assert to_wire(ModelDeploymentStatus.model_validate(wire)) == wire


def test_with_autoscaling_the_minimum_makes_it_ready() -> None:
    scaling = {"minReplicas": 2, "maxReplicas": 5, "metrics": [{"type": "CPU", "target": 80}]}
    life = Life(World(spec(autoscaling=scaling)))
    life.settle()
    life.world.autoscale(5)
    life.world.run_controllers()

    assert ready(life.look()) == ("True", Reason.READY)
