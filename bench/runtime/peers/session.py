"""The one way every contender but Slipway opens the model: one thread, no spinning."""

import sys
from pathlib import Path
from typing import Any

import onnxruntime as ort


def open_session(path: str | Path) -> Any:
    """Open a model the way a careful person would on one core."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def told() -> tuple[str, int, int]:
    """Read the command line all contenders share: the model, the HTTP port, the gRPC port."""
    return sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
