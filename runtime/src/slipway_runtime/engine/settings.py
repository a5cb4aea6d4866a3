"""What a user decides about the engine. Values only: the command line imports it."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Provider(StrEnum):
    """What computes."""

    CPU = "cpu"
    CUDA = "cuda"
    TENSORRT = "tensorrt"


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """What computes, how it is tuned, and whether code may be loaded as a model."""

    provider: Provider = Provider.CPU
    options: tuple[tuple[str, str], ...] = ()
    allow_torchscript: bool = False


PLAIN: Final = EngineSettings()
"""On the CPU, and data only."""
