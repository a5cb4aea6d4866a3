"""Triton's and KServe's own gRPC clients, unmodified, each in a process of its own.

They register the same protobuf names, in one pool a process: two of them together end it.
"""

from functools import cache
from pathlib import Path

import pytest

from runtime_testing import clients

TRITON, TRITON_AIO, KSERVE = (
    clients.CLIENTS / "triton" / "grpc_sync.py",
    clients.CLIENTS / "triton" / "grpc_aio.py",
    clients.CLIENTS / "kserve" / "grpc_calls.py",
)
pytestmark = pytest.mark.xdist_group("clients")


@cache
def outcomes(program: Path, *servers: tuple[str, str]) -> dict[str, str]:
    return clients.outcomes(clients.python_of(program.parent.name), program, dict(servers))


def expect(program: Path, scenario: str, servers: dict[str, str]) -> None:
    outcome = outcomes(program, *servers.items())[scenario]
    assert outcome == "", outcome


@pytest.mark.parametrize("scenario", clients.scenarios(TRITON))
def test_tritons_grpc_client(grpc_servers: dict[str, str], scenario: str) -> None:
    expect(TRITON, scenario, grpc_servers)


@pytest.mark.parametrize("scenario", clients.scenarios(TRITON_AIO))
def test_tritons_asynchronous_grpc_client(grpc_servers: dict[str, str], scenario: str) -> None:
    expect(TRITON_AIO, scenario, grpc_servers)


@pytest.mark.parametrize("scenario", clients.scenarios(KSERVE))
def test_kserves_grpc_client(grpc_servers: dict[str, str], scenario: str) -> None:
    expect(KSERVE, scenario, grpc_servers)
