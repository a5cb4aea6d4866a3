"""What the commands share that look at a model on this machine: which model, and loading it.

Imports the model's libraries only when it loads.
"""

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING

from slipway_runtime.cli.arguments import yes
from slipway_runtime.engine.settings import EngineSettings
from slipway_runtime.identity import Identity

if TYPE_CHECKING:
    from slipway_runtime.model import Model


def add_model(parser: argparse.ArgumentParser) -> None:
    """Declare the options that say which model it is."""
    parser.add_argument("model", type=Path, metavar="MODEL.onnx", help="the model's file")
    parser.add_argument(
        "--inputs",
        metavar="JSON",
        default="",
        help="what inputs may hold, as for serve; requests are made up accordingly",
    )
    parser.add_argument(
        "--allow-torchscript",
        type=yes,
        nargs="?",
        const=True,
        metavar="true|false",
        default=os.environ.get("SLIPWAY_ALLOW_TORCHSCRIPT", ""),
        help="load TorchScript, which is code; default: false [SLIPWAY_ALLOW_TORCHSCRIPT]",
    )


def for_serve(options: argparse.Namespace) -> list[str]:
    """Say the same to `serve`."""
    allow = str(bool(options.allow_torchscript)).lower()
    return [f"--inputs={options.inputs}", f"--allow-torchscript={allow}"]


def load(options: argparse.Namespace) -> "Model":
    """Check and load it as `serve` does, without a limit of a container."""
    from slipway_runtime.cgroup import Limits
    from slipway_runtime.lifecycle import loading
    from slipway_runtime.settings import ServeSettings

    settings = ServeSettings(
        path=options.model,
        identity=Identity(options.model.stem, "1", ""),
        inputs=options.inputs,
        warmup_requests=0,
        engine=EngineSettings(allow_torchscript=options.allow_torchscript),
        host=None,
        port=0,
        drain_seconds=0,
    )
    return loading.load(settings, Limits(None, None))
