"""The seam between serving and whatever runs the model."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from slipway_runtime.signature import Signature, Tensor


class Engine(Protocol):
    """A loaded model. `run` is called from several threads at once."""

    @property
    def platform(self) -> str:
        """Name the engine and format as the protocol's metadata does."""

    @property
    def signature(self) -> Signature:
        """Tell what the model takes and gives."""

    def run(self, feed: Mapping[str, Tensor], outputs: Sequence[str]) -> list[Tensor]:
        """Compute the named outputs; raise `RefusedError` or `InferenceError`."""
