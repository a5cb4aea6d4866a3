"""Answers remembered for equal questions, in bounded memory; the longest unused goes first.

For the event loop alone. Arrays that it hands out are shared: whoever gets one only reads it.
"""

from collections import OrderedDict
from collections.abc import Iterable
from hashlib import blake2b
from typing import Any, Final

import orjson

from slipway_runtime.inference import Inference
from slipway_runtime.model import Model
from slipway_runtime.signature import Tensor

_OVERHEAD: Final = 400
"""Bytes that an entry takes beside its values."""


def key(model: Model, inference: Inference) -> bytes:
    """Digest all that the answer depends on: not the request's id."""
    digest = blake2b(digest_size=16)
    digest.update(
        orjson.dumps(
            [
                model.serial,
                [spec.name for spec in inference.outputs],
                sorted(inference.parameters.items()),
                [[name, array.shape] for name, array in inference.feed.items()],
            ]
        )
    )
    for array in inference.feed.values():
        digest.update(_content(array))
    return digest.digest()


def _content(array: Tensor) -> Any:
    if array.dtype == object:
        return orjson.dumps(array.ravel().tolist())
    return array.data if array.flags.c_contiguous else array.tobytes()


class Cache:
    """The remembered answers."""

    def __init__(self, room: int) -> None:
        self._room = room
        self._entries: OrderedDict[bytes, tuple[list[Tensor], int]] = OrderedDict()
        self.used = 0

    def __len__(self) -> int:
        return len(self._entries)

    def find(self, key: bytes) -> list[Tensor] | None:
        """Look an answer up."""
        entry = self._entries.get(key)
        if entry is None:
            return None
        self._entries.move_to_end(key)
        return entry[0]

    def keep(self, key: bytes, tensors: list[Tensor]) -> None:
        """Remember an answer; one that would fill a tenth of the room alone is not."""
        size = _OVERHEAD + _bytes(tensors)
        if key in self._entries or size > self._room // 10:
            return
        # A part of a larger array would keep all of it in memory.
        whole = [tensor if tensor.base is None else tensor.copy() for tensor in tensors]
        self._entries[key] = (whole, size)
        self.used += size
        while self.used > self._room:
            _, (_, freed) = self._entries.popitem(last=False)
            self.used -= freed


def _bytes(tensors: Iterable[Tensor]) -> int:
    return sum(
        sum(64 + 4 * len(text) for text in tensor.flat) if tensor.dtype == object else tensor.nbytes
        for tensor in tensors
    )
