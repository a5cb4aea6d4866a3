"""What `serve` is told, by options or by the environment of its container. Values only."""

from dataclasses import dataclass, field
from pathlib import Path

from slipway_runtime.engine.settings import EngineSettings
from slipway_runtime.grpcserver.settings import GrpcSettings
from slipway_runtime.identity import Identity
from slipway_runtime.scheduling.settings import SchedulingSettings
from slipway_runtime.server.settings import LimitSettings, OperationSettings


@dataclass(frozen=True, slots=True)
class ServeSettings:
    """Everything that `serve` can be told. Whatever is not here is decided by the runtime."""

    path: Path
    identity: Identity
    inputs: str
    warmup_requests: int
    engine: EngineSettings
    host: str | None
    port: int
    drain_seconds: float
    model_control: bool = False
    scheduling: SchedulingSettings = field(default_factory=SchedulingSettings)
    operation: OperationSettings = field(default_factory=OperationSettings)
    limits: LimitSettings = field(default_factory=LimitSettings)
    grpc: GrpcSettings = field(default_factory=GrpcSettings)
