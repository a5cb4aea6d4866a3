"""Spotting: when kopf gives up, the operator hears of it."""

import asyncio
import gc
import logging
import ssl
from pathlib import Path

import kopf
import pytest

from slipway_operator import spotter

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
