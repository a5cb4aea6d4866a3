"""Tell the operator why this container ended: the reason and the words, where Kubernetes looks."""

import json
import os
from pathlib import Path
from typing import Final

from slipway_runtime.errors import ModelError

_DEFAULT: Final = Path("/dev/termination-log")
_LONGEST_MESSAGE: Final = 1500
"""Characters; with every one of them escaped it would not fit, hence the loop below."""
_LARGEST: Final = 2048


def write(error: ModelError) -> None:
    """Write the reason; outside of Kubernetes there is no such file, and none is made."""
    override = os.environ.get("SLIPWAY_TERMINATION_LOG")
    path = Path(override) if override else _DEFAULT
    if override or path.exists():
        path.write_bytes(encode(error))


def encode(error: ModelError) -> bytes:
    """Make at most 2 KiB of JSON."""
    message = error.message[:_LONGEST_MESSAGE]
    while len(text := _json(error.reason, message)) > _LARGEST:
        message = message[: len(message) * 3 // 4]
    return text


def _json(reason: str, message: str) -> bytes:
    return json.dumps({"reason": reason, "message": message}).encode()
