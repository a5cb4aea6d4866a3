"""Servers for other people's clients: one process a model."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

import pytest

from runtime_testing import models
from runtime_testing.serving import Server, serving

MODELS: Mapping[str, bytes] = {
    "adder": models.adder(models.INT32),
    "busy": models.busy(),
    "controlled": models.adder(models.INT32),
    "brain": models.identity(models.BFLOAT16),
    "half": models.identity(models.HALF),
    "real": models.identity(shape=("N", None)),
    "scalar": models.identity(shape=()),
    "text": models.identity(models.STRING, ("N",)),
}

OPTIONS: Mapping[str, tuple[str, ...]] = {"controlled": ("--model-control",)}


@pytest.fixture(scope="package")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, Server]]:
    """Serve every model."""
    folder: Path = tmp_path_factory.mktemp("models")
    with ExitStack() as stack:
        servers = {}
        for name, content in MODELS.items():
            path = folder / f"{name}.onnx"
            path.write_bytes(content)
            options = ("--grpc-port", "0", *OPTIONS.get(name, ()))
            servers[name] = stack.enter_context(serving(path, *options, wait=False))
        for server in servers.values():
            server.wait_until_ready()
        yield servers


@pytest.fixture(scope="package")
def servers(running: Mapping[str, Server]) -> dict[str, str]:
    """Where they are, in the words that a client's program understands."""
    return {
        "adder pid": str(running["adder"].process.pid),
        **{name: f"127.0.0.1:{server.port}" for name, server in running.items()},
    }


@pytest.fixture(scope="package")
def grpc_servers(running: Mapping[str, Server]) -> dict[str, str]:
    """Where they answer gRPC."""
    return {
        "adder pid": str(running["adder"].process.pid),
        **{name: f"127.0.0.1:{server.grpc_port}" for name, server in running.items()},
    }
