"""After which runs memory is given back: those that took far more than the usual ones.

Pure. A run's memory is judged by the size of its inputs, which is all that is known before it.
"""

from collections.abc import Mapping
from typing import Final

from slipway_runtime.signature import Tensor

_FAR_MORE: Final = 4
_WORTH_IT: Final = 1024 * 1024
_WEIGHT: Final = 1 / 32
"""Of one run in the mean: after some dozen of a new size, that size is usual."""


class Usual:
    """The mean size of requests. Threads may race: a mean that misses one of them is as good."""

    def __init__(self) -> None:
        self._mean = 0.0

    def exceeded_by(self, feed: Mapping[str, Tensor]) -> bool:
        """Count a run, and tell whether its memory should be given back."""
        size = sum(tensor.nbytes for tensor in feed.values())
        unusual = size > max(_WORTH_IT, _FAR_MORE * self._mean)
        self._mean += (size - self._mean) * _WEIGHT
        return unusual
