"""What is measured against what, and what Slipway has to reach. The list is the documentation."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from bench.runtime.arithmetic import Target
from bench.runtime.wires import Binary, Grpc, Json, Wire


@dataclass(frozen=True, slots=True)
class Contender:
    """A server asked in one way; `target` is what Slipway has to reach against it."""

    label: str
    server: str
    wire: Wire
    target: Target | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """One table. Slipway comes first; `limit` adds the loop over `session.run`."""

    name: str
    title: str
    model: str
    connections: int
    contenders: Sequence[Contender]
    limit: bool = False


_CEILING: Final = Target(0.8, p99=1.5)
_NO_WORSE: Final = Target(1.5, p99=1.0)


def _json(name: str, title: str, model: str) -> Case:
    contenders = (
        Contender("Slipway", "slipway", Json()),
        Contender("KServe SDK", "kserve", Json(), Target(5)),
        Contender("MLServer", "mlserver", Json(), Target(5)),
        Contender("LitServe", "litserve", Json()),
        Contender("FastAPI with pydantic", "fastapi", Json()),
        Contender("bare ASGI (ceiling)", "bare", Json(), _CEILING),
    )
    return Case(name, f"JSON, {title}", model, 16, contenders, limit=True)


def _grpc(name: str, title: str, model: str) -> Case:
    contenders = (
        Contender("Slipway", "slipway-grpc", Grpc()),
        Contender("KServe SDK", "kserve", Grpc(), Target(2)),
        Contender("MLServer", "mlserver", Grpc(), Target(2)),
    )
    return Case(name, f"gRPC, {title}", model, 16, contenders)


def _batching(name: str, title: str, model: str) -> Case:
    contenders = (
        Contender("Slipway, batching", "slipway", Binary()),
        Contender("bare ASGI, unbatched", "bare", Binary(), _NO_WORSE),
    )
    return Case(name, f"batching, {title}, binary", model, 64, contenders, limit=True)


_BINARY = Case(
    "binary",
    "1x3x224x224",
    "image",
    16,
    (
        Contender("Slipway, binary", "slipway", Binary()),
        Contender("bare ASGI, binary (ceiling)", "bare", Binary(), Target(0.8)),
        Contender("KServe SDK, binary", "kserve", Binary()),
        Contender("KServe SDK, JSON", "kserve", Json(), Target(20)),
    ),
    limit=True,
)

CASES: Final = (
    _json("iris", "iris (4 numbers)", "iris"),
    _json("mlp", "MLP 256-512-512-10", "mlp"),
    _BINARY,
    _batching("batching-mlp", "MLP 256-512-512-10", "mlp"),
    _batching("batching-convolutional", "MNIST network of two convolutions", "convolutional"),
    _grpc("grpc-iris", "iris (4 numbers)", "iris"),
    _grpc("grpc-mlp", "MLP 256-512-512-10", "mlp"),
)
