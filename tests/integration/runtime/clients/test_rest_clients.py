"""Triton's and KServe's own REST clients, unmodified, each in a process of its own."""

import sys
from functools import cache
from pathlib import Path

import pytest

from runtime_testing import clients

TRITON, TRITON_AIO, KSERVE = (
    clients.CLIENTS / "triton" / "rest.py",
    clients.CLIENTS / "triton" / "rest_aio.py",
    clients.CLIENTS / "kserve" / "rest.py",
)
pytestmark = pytest.mark.xdist_group("clients")


@cache
def outcomes(program: Path, *servers: tuple[str, str]) -> dict[str, str]:
    python = clients.python_of("kserve") if program is KSERVE else Path(sys.executable)
    return clients.outcomes(python, program, dict(servers))


def expect(program: Path, scenario: str, servers: dict[str, str]) -> None:
    outcome = outcomes(program, *servers.items())[scenario]
    assert outcome == "", outcome


@pytest.mark.parametrize("scenario", clients.scenarios(TRITON))
def test_tritons_http_client(servers: dict[str, str], scenario: str) -> None:
    expect(TRITON, scenario, servers)


@pytest.mark.parametrize("scenario", clients.scenarios(TRITON_AIO))
def test_tritons_asynchronous_http_client(servers: dict[str, str], scenario: str) -> None:
    expect(TRITON_AIO, scenario, servers)


@pytest.mark.parametrize("scenario", clients.scenarios(KSERVE))
def test_kserves_rest_client(servers: dict[str, str], scenario: str) -> None:
    expect(KSERVE, scenario, servers)
