"""The leading replica sees to it that everything is looked at, and that errors are told."""

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from controller_testing.samples import DEFAULTS
from slipway_operator.api.reasons import Reason
from slipway_operator.controller import Controller
from slipway_operator.desired.names import label_value
from slipway_operator.health import Health
from slipway_operator.kube import (
    ConflictError,
    ForbiddenError,
    InvalidError,
    Kube,
    KubeError,
    TransientError,
)
from slipway_operator.leader import FencedError
from slipway_operator.metrics import ERRORS
from slipway_operator.objects import Kind, Obj
from slipway_operator.queue import Key, RetryError
from slipway_operator.reconcile import Reconciler

KEY = Key("ns", "iris")


class Listing(Kube):
    """A cluster of which only the list of ModelDeployments is known."""

    def __init__(self) -> None:
        self.found: list[Obj] = []

    async def list_metadata(self, kind: Kind, namespace: str | None) -> list[Obj]:
        assert kind.kind == "ModelDeployment"
        return [m for m in self.found if namespace in (None, m["namespace"])]

    async def position(self, kind: Kind, namespace: str | None) -> str:
        raise TransientError(f"no watch of {kind.plural} in {namespace}")


@dataclass(frozen=True, slots=True)
class Scripted(Reconciler):
    """Looks that end as a test says."""

    outcomes: dict[Key, object] = field(default_factory=dict)
    reported: list[tuple[Key, Reason, str]] = field(default_factory=list)
    looked: list[Key] = field(default_factory=list)

    async def look(self, key: Key) -> timedelta | None:
        self.looked.append(key)
        outcome = self.outcomes.get(key)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome if isinstance(outcome, timedelta) else None

    async def report_failure(self, key: Key, reason: Reason, words: str) -> None:
        self.reported.append((key, reason, words))


def controller(namespaces: tuple[str, ...] = ()) -> tuple[Controller, Scripted, Listing]:
    kube = Listing()
    reconciler = Scripted(kube, DEFAULTS, "me")
    health = Health(lambda: 0.0)
    return Controller(kube, reconciler, health, namespaces, workers=2), reconciler, kube


def meta(name: str, namespace: str = "ns") -> Obj:
    return {"name": name, "namespace": namespace, "generation": 1}


async def run_briefly(found: Controller) -> None:
    task = asyncio.create_task(found.lead())
    await asyncio.sleep(0.2)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_everything_that_exists_is_looked_at_when_leading_begins() -> None:
    found, reconciler, kube = controller()
    kube.found = [meta("a"), meta("b", "elsewhere")]

    await run_briefly(found)

    assert set(reconciler.looked) == {Key("ns", "a"), Key("elsewhere", "b")}


async def test_only_the_namespaces_that_are_served_are_listed() -> None:
    found, reconciler, kube = controller(("ns",))
    kube.found = [meta("a"), meta("b", "elsewhere")]

    await run_briefly(found)

    assert set(reconciler.looked) == {Key("ns", "a")}


async def test_what_is_gone_is_forgotten() -> None:
    found, _, kube = controller()
    found.mark(KEY, 1)
    kube.found = [meta("a")]

    await run_briefly(found)

    assert set(found.queue.keys) == {Key("ns", "a")}


async def test_a_childs_label_leads_to_its_owner_even_when_it_had_to_be_cut() -> None:
    found, reconciler, _ = controller()
    long = Key("ns", "m" * 100)
    found.mark(long, 1)
    worker = asyncio.create_task(found.queue.work())
    await asyncio.sleep(0.1)

    found._changed("ns", "m" * 63)
    await asyncio.sleep(0.1)
    assert reconciler.looked == [long]
    found._changed("ns", label_value(long.name))
    await asyncio.sleep(0.1)
    worker.cancel()

    assert reconciler.looked == [long, long]


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (ForbiddenError("cannot list pods"), Reason.FORBIDDEN),
        (InvalidError("no"), Reason.APPLY_REJECTED),
        (ValueError("a bug"), Reason.INTERNAL_ERROR),
    ],
)
async def test_what_a_user_can_do_about_is_told_in_the_status(
    error: Exception, reason: Reason
) -> None:
    found, reconciler, _ = controller()
    reconciler.outcomes[KEY] = error

    with pytest.raises(RetryError):
        await found._look(KEY)

    assert reconciler.reported == [(KEY, reason, str(error))]


@pytest.mark.parametrize("error", [TransientError("503", 9.0), ConflictError("409")])
async def test_what_passes_by_itself_is_only_repeated(error: KubeError) -> None:
    found, reconciler, _ = controller()
    reconciler.outcomes[KEY] = error

    with pytest.raises(RetryError) as caught:
        await found._look(KEY)

    assert caught.value.after == error.retry_after
    assert not reconciler.reported


async def test_a_replica_that_lost_the_lease_reports_nothing() -> None:
    found, reconciler, _ = controller()
    reconciler.outcomes[KEY] = FencedError("closed")

    with pytest.raises(RetryError):
        await found._look(KEY)

    assert not reconciler.reported


async def test_one_poisoned_object_does_not_hold_up_the_others() -> None:
    found, reconciler, kube = controller()
    kube.found = [meta("iris"), meta("other")]
    reconciler.outcomes[KEY] = ZeroDivisionError("a bug")
    before = ERRORS.labels("ZeroDivisionError")._value.get()

    await run_briefly(found)

    assert Key("ns", "other") in reconciler.looked
    assert ERRORS.labels("ZeroDivisionError")._value.get() == before + 1


async def test_a_look_that_wants_another_gets_it_in_time() -> None:
    found, reconciler, _ = controller()
    reconciler.outcomes[KEY] = timedelta(seconds=90)

    assert await found._look(KEY) == 90
