"""One run whose tensors are bound to an accelerator: copied there once, and back once.

Works on a session and knows nothing of how it was opened. Text cannot be bound.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from slipway_runtime.signature import Datatype, Signature, Tensor


@dataclass(frozen=True, slots=True)
class Device:
    """Where tensors live while the model runs."""

    kind: str
    number: int


def can_bind(signature: Signature) -> bool:
    """Whether every tensor of the model can live on an accelerator."""
    specs = (*signature.inputs, *signature.outputs)
    return all(spec.datatype is not Datatype.BYTES for spec in specs)


def run(
    session: Any, device: Device, feed: Mapping[str, Tensor], outputs: Sequence[str], options: Any
) -> list[Tensor]:
    """Compute the named outputs; they stay on the device until all of them are there."""
    binding = session.io_binding()
    for name, tensor in feed.items():
        binding.bind_cpu_input(name, tensor)
    for name in outputs:
        binding.bind_output(name, device.kind, device.number)
    session.run_with_iobinding(binding, options)
    results: list[Tensor] = binding.copy_outputs_to_cpu()
    return results
