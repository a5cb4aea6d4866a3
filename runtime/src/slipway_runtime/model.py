"""A loaded model: what it is, how its requests are read, and how it is run and warmed.

Synchronous, each step by itself. Knows nothing of HTTP, states or who waits for an answer.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count

from slipway_runtime import examples
from slipway_runtime.codec import oip
from slipway_runtime.codec.form import Form
from slipway_runtime.engine.base import CancelToken, Engine
from slipway_runtime.errors import (
    InferenceError,
    ModelError,
    OutOfMemoryError,
    Reason,
    RefusedError,
    too_large,
)
from slipway_runtime.identity import Identity
from slipway_runtime.inference import Inference, Reply
from slipway_runtime.predict import SimpleApi
from slipway_runtime.rules import Rules
from slipway_runtime.signature import Signature, Tensor, TensorSpec


@dataclass(frozen=True, slots=True, weakref_slot=True)
class Model:
    """One model that can answer."""

    identity: Identity
    engine: Engine
    rules: Rules
    simple: SimpleApi
    serial: int = field(default_factory=count(1).__next__)
    """A number of its own: no other model of this process has ever had it."""
    form: Form = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "form", Form(self, self.simple.bounds))

    @property
    def signature(self) -> Signature:
        """Tell what the model takes and gives."""
        return self.engine.signature

    def read(self, body: bytes, header_length: int | None = None) -> tuple[Inference, Reply]:
        """Read a request of the Open Inference Protocol."""
        return oip.read(body, header_length, self.form)

    def read_simple(self, body: bytes, batch: bool = False) -> tuple[Inference, Reply]:
        """Read a request of the simple API."""
        return self.simple.read(body, batch)

    def compute(
        self,
        feed: Mapping[str, Tensor],
        outputs: tuple[TensorSpec, ...],
        token: CancelToken | None = None,
    ) -> list[Tensor]:
        """Run the model once; `token` ends the run from elsewhere."""
        return self.engine.run(feed, [spec.name for spec in outputs], token)

    def warm_up(self, requests: int) -> None:
        """Run made-up requests until the model has answered that many; raise when it cannot."""
        if requests == 0:
            return
        feed = self._first_that_runs()
        for _ in range(max(requests, self.engine.warm_runs) - 1):
            self._try(feed)

    def _first_that_runs(self) -> dict[str, Tensor]:
        guesses: tuple[int, ...] = examples.GUESSES
        if not examples.has_free_sizes(self.signature, self.rules):
            guesses = guesses[:1]
        for guess in guesses[:-1]:
            feed = examples.feed(self.signature, self.rules, guess)
            try:
                self._try(feed)
            except ModelError as error:
                if error.reason is not Reason.WARMUP_FAILED:
                    raise
                continue
            return feed
        feed = examples.feed(self.signature, self.rules, guesses[-1])
        self._try(feed)
        return feed

    def _try(self, feed: dict[str, Tensor]) -> None:
        try:
            self.compute(feed, self.signature.outputs)
        except OutOfMemoryError as error:
            raise too_large(str(error)) from None
        except (RefusedError, InferenceError) as error:
            shapes = ", ".join(f"{name} {list(array.shape)}" for name, array in feed.items())
            raise ModelError(
                Reason.WARMUP_FAILED,
                f"the model failed on a made-up request ({shapes}): {error}",
            ) from None
