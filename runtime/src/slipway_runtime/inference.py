"""What lies between reading a request and writing its answer, whichever protocol carried it.

Pure data. Knows no wire format, no engine and no clock: codecs make these, the scheduler runs them.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple, Protocol

from slipway_runtime.identity import Identity
from slipway_runtime.rules import Rules
from slipway_runtime.signature import Signature, Tensor, TensorSpec

Parameter = str | int | float | bool
Headers = tuple[tuple[bytes, bytes], ...]


class Inference(NamedTuple):  # made for every request, and a tuple is made faster than a dataclass
    """A decoded and checked request: what to compute, and nothing of how it came."""

    feed: dict[str, Tensor]
    """Every input of the signature, checked: datatype, shape, rules."""
    outputs: tuple[TensorSpec, ...]
    """Those asked for, in the order of the answer."""
    id: str = ""
    parameters: Mapping[str, Parameter] = MappingProxyType({})
    """The request's own, without those that the protocol reserves."""
    timeout: float | None = None
    """Seconds that the client is ready to wait."""


class Reply(Protocol):
    """Knows how the client wants its answer written."""

    def write(self, tensors: Sequence[Tensor]) -> tuple[bytes, Headers]:
        """Write the computed outputs: the body, and headers beyond the usual."""


class Described(Protocol):
    """All that a codec may know of a model."""

    @property
    def identity(self) -> Identity:
        """Tell what the model is called."""

    @property
    def signature(self) -> Signature:
        """Tell what the model takes and gives."""

    @property
    def rules(self) -> Rules:
        """Tell what the user allows beyond the signature."""
