"""BF16, which numpy has no type for: inside it is float32, which holds each of its values.

Pure arithmetic on bits.
"""

import numpy as np

from slipway_runtime.signature import Tensor

_NAN = 0x7FC0


def widen(bits: Tensor) -> Tensor:
    """Make floats of BF16's bits, exactly."""
    return (bits.astype(np.uint32) << 16).view(np.float32)


def narrow(floats: Tensor) -> Tensor:
    """Make BF16's bits of floats: the nearest, and of two the even one."""
    bits = np.ascontiguousarray(floats, np.float32).view(np.uint32).reshape(floats.shape)
    rounded = (bits + 0x7FFF + ((bits >> 16) & 1)) >> 16
    return np.where(np.isnan(floats), _NAN, rounded).astype(np.uint16)
