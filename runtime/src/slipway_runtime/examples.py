"""Make up inputs that a model should accept: for warm-up, and for the example on its page.

Pure. Sizes that the model leaves free are guesses of the caller's; values keep the user's rules.
"""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from slipway_runtime.rules import InputRule, Rules
from slipway_runtime.signature import Datatype, Signature, Tensor, TensorSpec

GUESSES: Final = (1, 8, 32, 224)
"""Sizes to try where the model names none: scalars, short sequences, pictures."""

_TEXT: Final = "example"


def feed(signature: Signature, rules: Rules, guess: int) -> dict[str, Tensor]:
    """Make one request of one row."""
    return {spec.name: tensor(spec, rules, guess) for spec in signature.inputs}


def tensor(spec: TensorSpec, rules: Rules, guess: int) -> Tensor:
    """Make one input: the same value everywhere."""
    shape = _shape(spec, rules.features(spec.name), guess)
    return np.full(shape, value(spec.datatype, rules.by_name.get(spec.name)), spec.datatype.numpy)


def has_free_sizes(signature: Signature, rules: Rules) -> bool:
    """Whether a guess matters at all."""
    return any(
        -1 in spec.wire_shape[1:] and not rules.features(spec.name) for spec in signature.inputs
    )


def _shape(spec: TensorSpec, features: Sequence[str] | None, guess: int) -> list[int]:
    sizes = [guess if dim == -1 else dim for dim in spec.wire_shape]
    if spec.batched:
        sizes[0] = 1
    if features:
        sizes[1] = len(features)
    return sizes


def value(datatype: Datatype, rule: InputRule | None) -> Any:
    """Choose a value of this type that the rule allows."""
    if rule is not None and rule.values is not None:
        return rule.values[0]
    if rule is not None and rule.range is not None:
        return _middle(datatype, *rule.range)
    if datatype is Datatype.BYTES:
        limit = None if rule is None else rule.max_length
        return _TEXT[:limit]
    # Whole numbers are often indices, and 0 is the one that always exists.
    return 1.0 if datatype.is_float else 0


def _middle(datatype: Datatype, low: float, high: float) -> float | int:
    middle = low + (high - low) / 2
    return middle if datatype.is_float else int(np.ceil(low) + (np.floor(high) - np.ceil(low)) // 2)
