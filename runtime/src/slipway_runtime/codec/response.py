"""The Open Inference Protocol's responses: JSON, and binary tensors behind it where wanted.

NaN and Infinity become null: JSON has no word for them. Binary tensors are exact.
"""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import orjson

from slipway_runtime.codec import binary
from slipway_runtime.identity import Identity
from slipway_runtime.inference import Headers
from slipway_runtime.signature import Tensor, TensorSpec

HEADER_LENGTH: Final = b"inference-header-content-length"
_OCTETS: Final = (b"content-type", b"application/octet-stream")


class Reply(NamedTuple):  # made for every request, and a tuple is made faster than a dataclass
    """How the client of one request wants its answer."""

    identity: Identity
    id: str | None
    outputs: tuple[TensorSpec, ...]
    as_bytes: tuple[bool, ...]
    """Of each output: whether it goes as a binary tensor."""

    def write(self, tensors: Sequence[Tensor]) -> tuple[bytes, Headers]:
        """Write a response."""
        response: dict[str, Any] = {
            "model_name": self.identity.name,
            "model_version": self.identity.version,
        }
        if self.id is not None:
            response["id"] = self.id
        pieces: list[binary.Bytes] = []
        response["outputs"] = [
            _entry(spec, tensor, pieces if as_bytes else None)
            for spec, tensor, as_bytes in zip(self.outputs, tensors, self.as_bytes, strict=True)
        ]
        head = orjson.dumps(response, option=orjson.OPT_SERIALIZE_NUMPY)
        if not pieces:
            return head, ()
        return b"".join([head, *pieces]), (_OCTETS, (HEADER_LENGTH, b"%d" % len(head)))


def _entry(spec: TensorSpec, tensor: Tensor, pieces: list[binary.Bytes] | None) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "name": spec.name,
        "datatype": spec.datatype.value,
        "shape": tensor.shape,
    }
    if pieces is None:
        entry["data"] = flat(tensor)
    else:
        piece = binary.write(tensor, spec.datatype)
        pieces.append(piece)
        entry["parameters"] = {"binary_data_size": len(piece)}
    return entry


def flat(tensor: Tensor) -> Any:
    """Give a tensor's elements in row-major order, in a form that is written as a list."""
    elements = tensor.ravel()
    return elements.tolist() if tensor.dtype == object else elements
