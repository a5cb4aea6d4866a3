"""The servers: where each lives, how it is started, when it is ready. Nothing is measured here."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bench.runtime.environments import ROOT

_FEATURES = (
    *("--inputs", '[{"name": "x", "range": [-100, 100]}]'),
    *("--batch-rows", "32"),
)
"""What Slipway is measured with beyond its defaults; checks, metrics and limits are always on."""


@dataclass(frozen=True, slots=True)
class Server:
    """One kind of server; `arguments` follow its Python, with `{model}` and the ports."""

    environment: str | None
    arguments: tuple[str, ...]
    ready: str
    packages: tuple[str, ...]

    def command(self, python: Path, model: Path) -> list[str]:
        """Say how to start it; the ports are filled in when they are known."""
        words = [word.replace("{model}", str(model)) for word in self.arguments]
        return [str(python), *words]


_MODEL_READY = "/v2/models/model/ready"


def _slipway(packages: tuple[str, ...], *more: str) -> Server:
    start = ("-m", "slipway_runtime", "serve", "{model}", "--name", "model")
    address = ("--host", "127.0.0.1", "--port", "{port}")
    return Server(None, (*start, *address, *_FEATURES, *more), _MODEL_READY, packages)


def _contender(name: str, environment: str | None, ready: str, packages: tuple[str, ...]) -> Server:
    arguments = ("-m", f"bench.runtime.peers.{name}.serve", "{model}", "{port}", "{grpc_port}")
    return Server(environment, arguments, ready, packages)


SERVERS: Mapping[str, Server] = {
    "slipway": _slipway(("onnxruntime", "numpy", "uvicorn", "orjson")),
    "slipway-grpc": _slipway(("grpcio", "protobuf"), "--grpc-port", "{grpc_port}"),
    "kserve": _contender("kserve", "kserve", _MODEL_READY, ("kserve", "onnxruntime", "numpy")),
    "mlserver": _contender(
        "mlserver", "mlserver", _MODEL_READY, ("mlserver", "onnxruntime", "numpy")
    ),
    "litserve": _contender("litserve", "litserve", "/health", ("litserve", "onnxruntime", "numpy")),
    "fastapi": _contender("fastapi", None, "/v2/health/ready", ("fastapi", "pydantic", "uvicorn")),
    "bare": _contender("bare", None, "/", ("uvicorn", "orjson", "numpy", "onnxruntime")),
}


def surroundings() -> dict[str, str]:
    """Give every server the same environment, in which nothing of this process's own leaks."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": os.environ.get("HOME", "/"),
        "PYTHONPATH": f"{ROOT}:{ROOT / 'runtime' / 'src'}",
        "ORT_DISABLE_TELEMETRY": "1",
    }
