"""The seam between serving and whatever runs the model."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from slipway_runtime.signature import Signature, Tensor


class CancelToken(Protocol):
    """Ends one run from another thread."""

    terminate: bool
    """Set it, before or during the run that was given this token."""


class Engine(Protocol):
    """A loaded model. `run` is called from several threads at once."""

    @property
    def platform(self) -> str:
        """Name the engine and format as the protocol's metadata does."""

    @property
    def signature(self) -> Signature:
        """Tell what the model takes and gives."""

    @property
    def warm_runs(self) -> int:
        """Tell how many runs of one shape it takes until the next is as fast as any."""

    def cancel_token(self) -> CancelToken | None:
        """Make a token for one run, or None where a run cannot be ended."""

    def run(
        self, feed: Mapping[str, Tensor], outputs: Sequence[str], token: CancelToken | None = None
    ) -> list[Tensor]:
        """Compute the named outputs; raise `RefusedError`, `InferenceError` or `StoppedError`."""
