"""A watch is begun again for ever, and a gap is told."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from slipway_operator import watches
from slipway_operator.desired.labels import DEPLOYMENT_LABEL
from slipway_operator.kube import GoneError, Kube, KubeError, TransientError, WatchEvent
from slipway_operator.objects import AUTOSCALER, DEPLOYMENT, SERVICE, Kind
from slipway_operator.watches import Listener, Noticed, follow

Step = list[WatchEvent] | KubeError


def changed(name: str, version: str) -> WatchEvent:
    meta = {"namespace": "ns", "labels": {DEPLOYMENT_LABEL: name}, "resourceVersion": version}
    return WatchEvent("MODIFIED", meta)


def bookmark(version: str) -> WatchEvent:
    return WatchEvent("BOOKMARK", {"resourceVersion": version})


class Streams(Kube):
    """An API server whose watches bring what a test says, one connection after another."""

    def __init__(self, *steps: Step) -> None:
        self._steps = list(steps)
        self.began_at: list[str] = []
        self.listed = 0

    async def position(self, kind: Kind, namespace: str | None) -> str:
        assert (kind, namespace) == (SERVICE, "ns")
        self.listed += 1
        return f"list-{self.listed}"

    async def watch(
        self, kind: Kind, namespace: str | None, selector: str, version: str, seconds: int
    ) -> AsyncIterator[WatchEvent]:
        assert (kind, namespace, selector) == (SERVICE, "ns", DEPLOYMENT_LABEL)
        assert seconds > 60, "a connection is kept for longer than bookmarks need"
        self.began_at.append(version)
        if not self._steps:
            await asyncio.sleep(60)
        step = self._steps.pop(0)
        if isinstance(step, KubeError):
            raise step
        for event in step:
            yield event


class Ear:
    """Notes what a watch tells."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.gaps = 0
        self.beats = 0
        self.listener = Listener(self._changed, self._gap, self._beat)

    def _changed(self, namespace: str, label: str) -> None:
        assert namespace == "ns"
        self.names.append(label)

    def _gap(self) -> None:
        self.gaps += 1

    def _beat(self, loop: str) -> None:
        assert loop == "watch of services in ns"
        self.beats += 1


async def follow_for_a_moment(kube: Streams) -> Ear:
    ear = Ear()
    task = asyncio.create_task(follow(kube, SERVICE, "ns", ear.listener))
    await asyncio.sleep(0.1)
    task.cancel()
    return ear


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watches, "_LONGEST_PAUSE", 0.001)


async def test_changes_are_passed_on_and_bookmarks_are_not() -> None:
    ear = await follow_for_a_moment(Streams([changed("a", "1"), bookmark("2"), changed("b", "3")]))

    assert ear.names == ["a", "b"]
    assert ear.beats >= 4


async def test_a_connection_that_ends_is_taken_up_where_it_was() -> None:
    kube = Streams([changed("a", "1"), bookmark("7")], [changed("b", "8")])

    ear = await follow_for_a_moment(kube)

    assert kube.began_at == ["list-1", "7", "8"]
    assert ear.gaps == 1


async def test_a_connection_that_breaks_is_taken_up_where_it_began() -> None:
    kube = Streams([bookmark("7")], TransientError("reset"), TransientError("reset"))

    ear = await follow_for_a_moment(kube)

    assert kube.began_at == ["list-1", "7", "7", "7"]
    assert ear.gaps == 1


async def test_a_position_that_is_too_old_means_that_changes_were_missed() -> None:
    kube = Streams([bookmark("7")], GoneError("too old"))

    ear = await follow_for_a_moment(kube)

    assert kube.began_at == ["list-1", "7", "list-2"]
    assert ear.gaps == 2


def seen(version: str, *, spec_at: str = "t1", status_at: str = "t1") -> WatchEvent:
    owners = [
        {"manager": "slipway", "operation": "Apply", "time": spec_at},
        {"manager": "hpa", "operation": "Update", "subresource": "status", "time": status_at},
    ]
    meta = {"uid": "u", "resourceVersion": version, "managedFields": owners}
    return WatchEvent("MODIFIED", meta)


def test_a_status_of_an_autoscaler_is_no_news_and_an_edit_is() -> None:
    noticed = Noticed(AUTOSCALER)

    assert noticed.is_news(seen("1"))
    assert not noticed.is_news(seen("2", status_at="t2"))
    assert noticed.is_news(seen("3", spec_at="t3", status_at="t2"))
    assert noticed.is_news(WatchEvent("DELETED", seen("4").metadata))
    assert noticed.is_news(seen("5"))


def test_a_status_of_anything_else_is_news() -> None:
    noticed = Noticed(DEPLOYMENT)

    assert noticed.is_news(seen("1"))
    assert noticed.is_news(seen("2", status_at="t2"))
