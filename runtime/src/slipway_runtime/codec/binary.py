"""Raw bytes to tensors and back: little-endian, row-major, text as length and UTF-8.

What the protocol's binary extension and its gRPC messages carry. Numbers are views of the bytes,
not copies. BF16 becomes FP32, which holds each of its values. Knows nothing of requests.
"""

import struct
from collections.abc import Sequence
from typing import Final

import numpy as np

from slipway_runtime.bfloat16 import narrow, widen
from slipway_runtime.errors import RefusedError, bad_request
from slipway_runtime.signature import Datatype, Tensor, TensorSpec

Bytes = bytes | memoryview
_LENGTH: Final = struct.Struct("<I")
_OBJECT: Final = 65
"""What Python takes for a text beside its characters: the object, and a pointer to it."""


def read(raw: Bytes, spec: TensorSpec, shape: Sequence[int], count: int) -> Tensor:
    """View or parse one input; `count` is the number of elements that its shape has."""
    if spec.datatype is Datatype.BYTES:
        return _texts(raw, spec, count).reshape(shape)
    wanted = count * spec.datatype.size
    if len(raw) != wanted:
        raise bad_request(
            f"input '{spec.name}': {spec.datatype} of shape {list(shape)} has {wanted} bytes; "
            f"expected {wanted}, got {len(raw)}"
        )
    return _numbers(raw, spec).reshape(shape)


def _numbers(raw: Bytes, spec: TensorSpec) -> Tensor:
    if spec.datatype is Datatype.BF16:
        return widen(np.frombuffer(raw, np.uint16))
    if spec.datatype is Datatype.BOOL:
        return _booleans(np.frombuffer(raw, np.uint8), spec)
    view = np.frombuffer(raw, spec.datatype.numpy)
    # What reads it in C may believe that a float lies at a multiple of four.
    return view if view.flags.aligned else view.copy()


def _booleans(octets: Tensor, spec: TensorSpec) -> Tensor:
    if octets.size and octets.max() > 1:
        raise bad_request(f"input '{spec.name}': a BOOL is a byte of 0 or 1, not {octets.max()}")
    return octets.view(np.bool_)


def _texts(raw: Bytes, spec: TensorSpec, count: int) -> Tensor:
    if count * _LENGTH.size > len(raw):
        raise _too_few(spec, count, len(raw) // _LENGTH.size)
    texts = np.empty(count, object)
    at = 0
    for index in range(count):
        start = at + _LENGTH.size
        if start > len(raw):
            raise _too_few(spec, count, index)
        at = start + _LENGTH.unpack_from(raw, at)[0]
        if at > len(raw):
            raise _too_few(spec, count, index)
        texts[index] = text(raw[start:at], spec, index)
    if at != len(raw):
        raise bad_request(
            f"input '{spec.name}': {len(raw) - at} bytes follow the {count} texts of its shape"
        )
    return texts


def _too_few(spec: TensorSpec, count: int, index: int) -> RefusedError:
    return bad_request(
        f"input '{spec.name}': its shape has {count} texts, its bytes end within text {index}"
    )


def text(raw: Bytes, spec: TensorSpec, index: int) -> str:
    """Decode one element of type BYTES."""
    try:
        return str(raw, "utf-8")
    except UnicodeDecodeError as error:
        raise bad_request(
            f"input '{spec.name}', text {index}: not UTF-8 ({error.reason} at byte {error.start})"
        ) from None


def write(tensor: Tensor, datatype: Datatype) -> Bytes:
    """Write one output; numbers are a view of the tensor wherever they lie in order."""
    if datatype is Datatype.BYTES:
        return b"".join(_framed(element) for element in tensor.ravel())
    if datatype is Datatype.BF16:
        tensor = narrow(tensor)
    # A view's bytes cannot be had of a tensor without elements or dimensions.
    return np.ascontiguousarray(tensor).reshape(-1).view(np.uint8).data if tensor.size else b""


def _framed(element: str) -> bytes:
    encoded = element.encode()
    return _LENGTH.pack(len(encoded)) + encoded


def cost(raw: Bytes, has_text: bool) -> int:
    """Estimate, from above, the memory that reading these bytes takes."""
    if not has_text:
        return len(raw)
    # Each text is preceded by its length, whose highest byte is 0 in all but giant ones.
    return 4 * len(raw) + bytes(raw).count(0) * _OBJECT
