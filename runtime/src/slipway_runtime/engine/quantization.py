"""Rewrite an ONNX model so that its weights are eight bits wide, with onnxruntime's own tool.

Needs the `onnx` package, which serving does without; imported by the command alone.
"""

import logging
from pathlib import Path

from slipway_runtime.errors import ModelError, Reason


def quantize(source: Path, target: Path) -> None:
    """Write the model with weights of eight bits, and activations that are scaled as they come."""
    try:
        from onnxruntime.quantization import QuantType, quantize_dynamic
    except ImportError as error:
        raise ModelError(
            Reason.LOAD_FAILED,
            f"quantizing needs the package '{error.name}', which serving does without and the "
            "runtime's image does not have; in the repository: pip install '.[runtime,tools]'",
        ) from None
    logging.disable(logging.WARNING)  # it advises steps that dynamic quantization does not need
    try:
        quantize_dynamic(source, target, weight_type=QuantType.QInt8)
    except Exception as error:  # whatever a library says of a model it cannot rewrite
        words = " ".join(str(error).split())[:300] or type(error).__name__
        raise ModelError(Reason.LOAD_FAILED, f"the model cannot be quantized: {words}") from None
    finally:
        logging.disable(logging.NOTSET)
