"""A loaded model behind both APIs: bytes of a request in, bytes of an answer out.

Synchronous, so that a whole request is one job of one thread. Knows nothing of HTTP or states.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from time import perf_counter

from slipway_runtime import examples
from slipway_runtime.codec import oip
from slipway_runtime.engine.base import Engine
from slipway_runtime.errors import (
    InferenceError,
    ModelError,
    OutOfMemoryError,
    Reason,
    RefusedError,
    too_large,
)
from slipway_runtime.identity import Identity
from slipway_runtime.predict import SimpleApi
from slipway_runtime.rules import Rules
from slipway_runtime.signature import Signature, Tensor, TensorSpec


@dataclass(frozen=True, slots=True)
class Model:
    """One model that can answer."""

    identity: Identity
    engine: Engine
    rules: Rules
    simple: SimpleApi
    observe: Callable[[float], None]

    @property
    def signature(self) -> Signature:
        """Tell what the model takes and gives."""
        return self.engine.signature

    def infer(self, body: bytes) -> bytes:
        """Answer a request of the Open Inference Protocol."""
        request = oip.parse(body)
        outputs = oip.select_outputs(request, self.signature)
        feed = oip.decode(request, self.signature)
        self.rules.check(feed, _place)
        tensors = self._run(feed, outputs)
        model = {"model_name": self.identity.name, "model_version": self.identity.version}
        return oip.encode(model, request.id, outputs, tensors)

    def predict(self, body: bytes) -> bytes:
        """Answer a request of the simple API."""
        rows = self.simple.decode(body)
        self.rules.check(rows.feed, lambda name, at: self.simple.place(rows.single, name, at))
        return self.simple.encode(rows, self._run(rows.feed, self.signature.outputs))

    def _run(self, feed: Mapping[str, Tensor], outputs: tuple[TensorSpec, ...]) -> list[Tensor]:
        started = perf_counter()
        tensors = self.engine.run(feed, [spec.name for spec in outputs])
        self.observe(perf_counter() - started)
        return tensors

    def warm_up(self, requests: int) -> None:
        """Run made-up requests until the model has answered that many; raise when it cannot."""
        if requests == 0:
            return
        feed = self._first_that_runs()
        for _ in range(requests - 1):
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
            self._run(feed, self.signature.outputs)
        except OutOfMemoryError as error:
            raise too_large(str(error)) from None
        except (RefusedError, InferenceError) as error:
            shapes = ", ".join(f"{name} {list(array.shape)}" for name, array in feed.items())
            raise ModelError(
                Reason.WARMUP_FAILED,
                f"the model failed on a made-up request ({shapes}): {error}",
            ) from None


def _place(name: str, index: tuple[int, ...]) -> str:
    return f"input '{name}', element {list(index)}"
