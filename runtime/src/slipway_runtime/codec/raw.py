"""A raw request: the whole body is the one tensor of a model with one input.

Announced by `Inference-Header-Content-Length: 0`. Its shape follows from its length.
"""

import math

from slipway_runtime.codec import binary
from slipway_runtime.codec.form import Form, quoted
from slipway_runtime.codec.response import Reply
from slipway_runtime.errors import bad_request
from slipway_runtime.inference import Inference
from slipway_runtime.signature import Datatype, Tensor, TensorSpec


def read(body: bytes, form: Form) -> tuple[Inference, Reply]:
    """Read a raw request; every output is answered as a binary tensor."""
    if len(form.inputs) != 1:
        raise bad_request(
            f"a raw request must only have 1 input to be deduced; this model has "
            f"{len(form.inputs)}: {quoted(form.inputs)}"
        )
    (spec,) = form.inputs.values()
    feed = {
        spec.name: _text(body, spec) if spec.datatype is Datatype.BYTES else _numbers(body, spec)
    }
    form.check(feed)
    outputs = form.signature.outputs
    reply = Reply(form.identity, None, outputs, (True,) * len(outputs))
    return Inference(feed, outputs), reply


def _text(body: bytes, spec: TensorSpec) -> Tensor:
    shape = [1 if dim == -1 else dim for dim in spec.wire_shape]
    if math.prod(shape) != 1:
        raise bad_request(
            f"a raw request is one text; input '{spec.name}' of shape {spec.wire_shape} takes more"
        )
    framed = len(body).to_bytes(4, "little") + body
    return binary.read(framed, spec, shape, 1)


def _numbers(body: bytes, spec: TensorSpec) -> Tensor:
    shape = spec.wire_shape
    if shape.count(-1) > 1 and shape[0] == -1:
        shape[0] = 1  # more than one size is free, and the first one counts rows
    if shape.count(-1) > 1:
        raise bad_request(
            f"the shape of input '{spec.name}', {spec.wire_shape}, can not be deduced because "
            "there are more than one variable-sized dimension"
        )
    if -1 in shape:
        shape[shape.index(-1)] = _free_size(body, spec, shape)
    return binary.read(body, spec, shape, math.prod(shape))


def _free_size(body: bytes, spec: TensorSpec, shape: list[int]) -> int:
    step = spec.datatype.size * math.prod(dim for dim in shape if dim != -1)
    if not body or step == 0 or len(body) % step:
        raise bad_request(
            f"input '{spec.name}' of shape {spec.wire_shape} takes a multiple of {step} bytes, "
            f"the body has {len(body)}"
        )
    return len(body) // step
