"""One run of a model that has BF16 tensors: onnxruntime gives and takes their bits alone.

Works on a session and on the class of its values, and knows nothing of how it was opened.
"""

import ctypes
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from slipway_runtime.bfloat16 import narrow, widen
from slipway_runtime.signature import Datatype, Signature, Tensor

_BFLOAT16: Final = 16  # ONNX's number for the type
_NAME: Final = "tensor(bfloat16)"


def has_any(signature: Signature) -> bool:
    """Whether a tensor of the model is BF16."""
    return any(spec.datatype is Datatype.BF16 for spec in (*signature.inputs, *signature.outputs))


def names(signature: Signature) -> frozenset[str]:
    """Name the inputs that are BF16."""
    return frozenset(spec.name for spec in signature.inputs if spec.datatype is Datatype.BF16)


def has_text(signature: Signature) -> bool:
    """Whether a tensor is text, which cannot be given as onnxruntime wants BF16 beside it."""
    return any(spec.datatype is Datatype.BYTES for spec in (*signature.inputs, *signature.outputs))


def run(
    session: Any,
    values: Any,
    halves: frozenset[str],
    feed: Mapping[str, Tensor],
    outputs: Sequence[str],
    options: Any,
) -> list[Tensor]:
    """Compute the named outputs; `values` is onnxruntime's class of values."""
    given = {
        name: values.ortvalue_from_numpy_with_onnx_type(narrow(tensor), _BFLOAT16)
        if name in halves
        else values.ortvalue_from_numpy(tensor)
        for name, tensor in feed.items()
    }
    results = session.run_with_ort_values(list(outputs), given, options)
    return [_bits_of(value) if value.data_type() == _NAME else value.numpy() for value in results]


def _bits_of(value: Any) -> Tensor:
    shape = tuple(value.shape())
    count = int(np.prod(shape))
    if count == 0:
        return np.zeros(shape, np.float32)
    bits = ctypes.string_at(value.data_ptr(), count * 2)
    return widen(np.frombuffer(bits, np.uint16).reshape(shape))
