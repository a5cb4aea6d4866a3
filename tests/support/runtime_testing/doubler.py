"""An engine of a few lines, for tests of what runs when: Y = 2 X, and whatever a test asks for."""

import threading
from collections.abc import Mapping, Sequence
from time import sleep

import numpy as np

from slipway_runtime.engine.base import CancelToken
from slipway_runtime.errors import InferenceError, StoppedError
from slipway_runtime.identity import Identity
from slipway_runtime.inference import Inference
from slipway_runtime.model import Model
from slipway_runtime.predict import SimpleApi
from slipway_runtime.rules import Rules
from slipway_runtime.signature import Datatype, Dim, Signature, Tensor, TensorSpec

PLATFORM = "doubler"


class Token:
    """What ends a run."""

    terminate = False


class Doubler:
    """Y = 2 X and Z = 3 X. A row of -1 fails; the gate holds every run up while it is closed."""

    platform = PLATFORM
    warm_runs = 1

    def __init__(self, shape: tuple[Dim, ...] = ("N", None), rows: Dim = "N") -> None:
        outputs = tuple(TensorSpec(name, Datatype.FP32, (rows, None)) for name in "YZ")
        self.signature = Signature((TensorSpec("X", Datatype.FP32, shape),), outputs)
        self.gate = threading.Event()
        self.gate.set()
        self.seconds = 0.0
        self.lost_rows = 0
        self.runs: list[list[float]] = []
        """The first column of each run, in the order in which they began."""
        self.threads: list[str] = []
        self.stopped = 0

    def cancel_token(self) -> CancelToken:
        return Token()

    def run(
        self, feed: Mapping[str, Tensor], outputs: Sequence[str], token: CancelToken | None = None
    ) -> list[Tensor]:
        values = feed["X"]
        self.runs.append(values[:, 0].tolist())
        self.threads.append(threading.current_thread().name)
        while not self.gate.wait(0.001):
            if token is not None and token.terminate:
                self.stopped += 1
                raise StoppedError("stopped")
        sleep(self.seconds)
        if (values == -1).any():
            raise InferenceError("a row is -1")
        whole = {"Y": values * 2, "Z": values * 3}
        return [whole[name][self.lost_rows :] for name in outputs]


def served(engine: Doubler) -> Model:
    """Make it a model."""
    rules = Rules({})
    return Model(Identity("doubler", "1", ""), engine, rules, SimpleApi(engine.signature, rules))


def asking(model: Model, *values: float, outputs: str = "YZ", columns: int = 1) -> Inference:
    """Ask for rows of these values."""
    specs = {spec.name: spec for spec in model.signature.outputs}
    chosen = model.signature.outputs if outputs == "YZ" else tuple(specs[n] for n in outputs)
    rows = np.repeat(np.array(values, np.float32)[:, None], columns, axis=1)
    return Inference({"X": rows}, chosen)
