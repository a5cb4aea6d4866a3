"""Requests made up for a model, of any number of rows, that it is seen to answer.

Runs the engine directly: a server's requests come from its clients, and these come from nobody.
"""

import numpy as np

from slipway_runtime import examples
from slipway_runtime.errors import InferenceError, ModelError, Reason, RefusedError
from slipway_runtime.model import Model
from slipway_runtime.rules import InputRule
from slipway_runtime.signature import Tensor

Feed = dict[str, Tensor]


def guess(model: Model) -> int:
    """Find what to take for sizes that the model leaves free; the model answers with it."""
    words = ""
    for size in examples.GUESSES:
        try:
            run(model, examples.feed(model.signature, model.rules, size))
        except (RefusedError, InferenceError) as error:
            words = str(error)
        else:
            return size
    raise ModelError(
        Reason.WARMUP_FAILED, f"the model answers no request that can be made up for it: {words}"
    )


def run(model: Model, feed: Feed) -> list[Tensor]:
    """Let the model compute all its outputs."""
    return model.engine.run(feed, [spec.name for spec in model.signature.outputs])


def takes_rows(model: Model) -> bool:
    """Whether one request may hold several rows."""
    return model.signature.row_wise and not model.signature.single_row


def varied(model: Model, size: int, rows: int, seed: int = 0) -> Feed:
    """Make up a request of so many rows, whose numbers differ and keep the user's rules."""
    generator = np.random.default_rng(seed)
    one = examples.feed(model.signature, model.rules, size)
    return {
        name: _vary(np.repeat(tensor, rows, axis=0), model.rules.by_name.get(name), generator)
        if takes_rows(model)
        else _vary(tensor, model.rules.by_name.get(name), generator)
        for name, tensor in one.items()
    }


def _vary(tensor: Tensor, rule: InputRule | None, generator: np.random.Generator) -> Tensor:
    # Whole numbers may be indices of anything, and text one of a few words: these stay.
    if tensor.dtype.kind != "f" or (rule and rule.values is not None):
        return tensor
    if rule and rule.range is not None:
        return generator.uniform(*rule.range, tensor.shape).astype(tensor.dtype)
    return generator.standard_normal(tensor.shape).astype(tensor.dtype)
