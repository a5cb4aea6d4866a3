"""Which predictions can run as one, how they are joined, and how the answer is taken apart.

Pure arithmetic on arrays. Only for models whose every tensor counts rows in its first dimension.
"""

from collections.abc import Hashable, Sequence

import numpy as np

from slipway_runtime.inference import Inference
from slipway_runtime.signature import Signature, Tensor


class RowsError(Exception):
    """The model's output does not have the rows that its signature promises."""


def key(inference: Inference, signature: Signature) -> Hashable:
    """Name the group: equal shapes beyond the rows, equal outputs and parameters.

    Datatypes are the signature's, hence equal anyway.
    """
    chosen = inference.outputs
    names = None if chosen is signature.outputs else tuple(spec.name for spec in chosen)
    parameters = tuple(sorted(inference.parameters.items())) if inference.parameters else None
    feed = inference.feed
    return (names, parameters, *[feed[spec.name].shape[1:] for spec in signature.inputs])


def join(inferences: Sequence[Inference]) -> dict[str, Tensor]:
    """Put the rows of all below one another."""
    if len(inferences) == 1:
        return inferences[0].feed
    return {
        name: np.concatenate([inference.feed[name] for inference in inferences])
        for name in inferences[0].feed
    }


def split(tensors: Sequence[Tensor], rows: Sequence[int]) -> list[list[Tensor]]:
    """Give each its own rows back."""
    total = sum(rows)
    for tensor in tensors:
        if tensor.shape[:1] != (total,):
            raise RowsError(f"an output of shape {list(tensor.shape)} for {total} rows")
    parts: list[list[Tensor]] = []
    start = 0
    for count in rows:
        parts.append([tensor[start : start + count] for tensor in tensors])
        start += count
    return parts
