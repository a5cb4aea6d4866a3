"""Spotting: when kopf gives up, the operator hears of it."""

import asyncio
import gc
import logging
import ssl
from pathlib import Path

import kopf
import pytest

from slipway_operator import spotter
from slipway_operator.kube import Kube
from slipway_operator.objects import MODEL_DEPLOYMENT, Kind

NOBODY_LISTENS = """
apiVersion: v1
kind: Config
clusters: [{name: gone, cluster: {server: "https://127.0.0.1:1"}}]
users: [{name: somebody, user: {token: none}}]
contexts: [{name: gone, context: {cluster: gone, user: somebody}}]
current-context: gone
"""


async def test_an_api_server_that_stays_away_ends_kopf_and_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL + 1, "kopf")  # a record would keep kopf's remains
    (tmp_path / "kubeconfig").write_text(NOBODY_LISTENS)
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "kubeconfig"))
    monkeypatch.setattr(spotter, "_settings", impatient)

    words = str(await asyncio.wait_for(spotter._run_kopf((), lambda *_: None), 20))
    gc.collect()  # kopf's remains complain when they go; let them do it here

    assert "127.0.0.1" in words


def impatient() -> kopf.OperatorSettings:
    settings = kopf.OperatorSettings()
    settings.networking.error_backoffs = [0.01]
    return settings


def test_authorities_without_a_key_identifier_are_accepted(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "kubeconfig").write_text(NOBODY_LISTENS)
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "kubeconfig"))

    found = spotter._outside(logger=logging.getLogger(), settings=kopf.OperatorSettings())

    assert isinstance(found, kopf.ConnectionInfo)
    assert not found.as_ssl_context().verify_flags & ssl.VERIFY_X509_STRICT


async def test_a_kopf_that_cannot_begin_is_tried_again_and_never_called_prepared(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    begun: list[None] = []
    told: list[bool] = []

    async def fails(*_: object) -> BaseException:
        begun.append(None)
        return RuntimeError("no login")

    monkeypatch.setattr(spotter, "_run_kopf", fails)
    monkeypatch.setattr(spotter, "_PAUSE", 0.01)

    task = asyncio.create_task(spotter.spot(Reachable(), (), lambda *_: None, told.append))
    await asyncio.sleep(0.2)
    task.cancel()

    assert len(begun) > 2
    assert not any(told)


async def test_a_kopf_that_goes_on_makes_the_replica_prepared(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told: list[bool] = []

    async def goes_on(*_: object) -> None:
        await asyncio.sleep(60)

    monkeypatch.setattr(spotter, "_run_kopf", goes_on)
    monkeypatch.setattr(spotter, "_PROOF", 0.05)

    task = asyncio.create_task(spotter.spot(Reachable(), (), lambda *_: None, told.append))
    await asyncio.sleep(0.2)
    task.cancel()

    assert told == [True]


class Reachable(Kube):
    """An API server that knows ModelDeployments."""

    def __init__(self) -> None:
        self.asked = 0

    async def position(self, kind: Kind, namespace: str | None) -> str:
        assert (kind, namespace) == (MODEL_DEPLOYMENT, None)
        self.asked += 1
        return "1"
