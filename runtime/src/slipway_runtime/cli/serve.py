"""`slipway-runtime serve`: its options, and the settings they make.

Imports the server only when it runs: help must not wait for it.
"""

import argparse
import os
import re
import sys
from pathlib import Path
from typing import Final

from slipway_runtime.cli import grpc, limits, operation, scheduling
from slipway_runtime.cli.arguments import count, pairs, provider, seconds, yes

WORDS: Final = "load a model and answer predictions"
EXAMPLES: Final = """\
examples:
  slipway-runtime inspect iris.onnx
      tells what it takes, with requests to copy

  slipway-runtime serve iris.onnx
      then: curl localhost:8080/predict -d '{"X": [5.1, 3.5, 1.4, 0.2]}'
      and open http://localhost:8080 for the model's page

  slipway-runtime serve iris.onnx --inputs '[{"name": "X", "range": [0, 10],
      "features": ["sepal_length", "sepal_width", "petal_length", "petal_width"]}]'
      then: curl localhost:8080/predict -d '{"sepal_length": 5.1, "sepal_width": 3.5,
                                             "petal_length": 1.4, "petal_width": 0.2}'

SIGTERM drains: not ready at once, answers for --drain-seconds more, then ends. Ctrl-C ends now.
Every option can be given by the environment variable in brackets.
"""

_NAME: Final = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,251}[A-Za-z0-9])?")


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    environment = os.environ.get
    parser.set_defaults(run=_run)
    parser.add_argument("model", type=Path, metavar="MODEL.onnx", help="the model's file")
    parser.add_argument(
        "--name",
        default=environment("SLIPWAY_MODEL_NAME"),
        help="what clients call the model; default: the file's name [SLIPWAY_MODEL_NAME]",
    )
    parser.add_argument(
        "--model-version",
        default=environment("SLIPWAY_MODEL_VERSION") or "1",
        help="your label for it; default: 1 [SLIPWAY_MODEL_VERSION]",
    )
    parser.add_argument(
        "--revision",
        default=environment("SLIPWAY_REVISION", ""),
        help="named in answers and metrics [SLIPWAY_REVISION]",
    )
    parser.add_argument(
        "--inputs",
        metavar="JSON",
        default=environment("SLIPWAY_INPUTS", ""),
        help="what inputs may hold beyond the model's signature: a list of "
        '{"name", "range", "values", "maxLength", "features"} [SLIPWAY_INPUTS]',
    )
    parser.add_argument(
        "--warmup-requests",
        metavar="N",
        type=count,
        default=environment("SLIPWAY_WARMUP_REQUESTS") or "3",
        help="made-up requests before it is ready; default: 3 [SLIPWAY_WARMUP_REQUESTS]",
    )
    parser.add_argument(
        "--provider",
        type=provider,
        metavar="cpu|cuda|tensorrt",
        default=environment("SLIPWAY_PROVIDERS") or "cpu",
        help="what computes; it is an error when that is missing; default: cpu [SLIPWAY_PROVIDERS]",
    )
    parser.add_argument(
        "--provider-options",
        type=pairs,
        metavar="'NAME=VALUE ...'",
        default=environment("SLIPWAY_PROVIDER_OPTIONS", ""),
        help="of onnxruntime's, such as 'gpu_mem_limit=4000000000' [SLIPWAY_PROVIDER_OPTIONS]",
    )
    parser.add_argument(
        "--allow-torchscript",
        type=yes,
        nargs="?",
        const=True,
        metavar="true|false",
        default=environment("SLIPWAY_ALLOW_TORCHSCRIPT", ""),
        help="load TorchScript, which is code and may do all that this process may; "
        "default: false [SLIPWAY_ALLOW_TORCHSCRIPT]",
    )
    parser.add_argument("--host", help="address to listen on; default: all")
    parser.add_argument("--port", type=count, default=8080, help="default: 8080; 0: any")
    parser.add_argument(
        "--drain-seconds",
        metavar="S",
        type=seconds,
        default=environment("SLIPWAY_DRAIN_SECONDS") or "15",
        help="how long to answer after SIGTERM; default: 15 [SLIPWAY_DRAIN_SECONDS]",
    )
    parser.add_argument(
        "--reload",
        type=yes,
        nargs="?",
        const=True,
        metavar="true|false",
        default=environment("SLIPWAY_RELOAD", ""),
        help="load a new file that takes the place of the model's, beside the old model, and "
        "exchange them without a failed request; looked for each second, and at SIGHUP; "
        "default: false [SLIPWAY_RELOAD]",
    )
    parser.add_argument(
        "--model-control",
        type=yes,
        nargs="?",
        const=True,
        metavar="true|false",
        default=environment("SLIPWAY_MODEL_CONTROL", ""),
        help="let clients load and unload the model; default: false [SLIPWAY_MODEL_CONTROL]",
    )
    scheduling.add(parser)
    operation.add(parser)
    limits.add(parser)
    grpc.add(parser)


def _run(options: argparse.Namespace) -> None:
    from slipway_runtime.engine.settings import EngineSettings
    from slipway_runtime.identity import Identity
    from slipway_runtime.server.serve import serve
    from slipway_runtime.settings import ServeSettings

    name = options.name or options.model.stem
    if not _NAME.fullmatch(name):
        sys.exit(f"slipway-runtime: '{name}' cannot be a model's name in a URL; use --name")
    serve(
        ServeSettings(
            path=options.model,
            identity=Identity(name, options.model_version, options.revision),
            inputs=options.inputs,
            warmup_requests=options.warmup_requests,
            engine=EngineSettings(
                options.provider, options.provider_options, options.allow_torchscript
            ),
            host=options.host,
            port=options.port,
            drain_seconds=options.drain_seconds,
            model_control=options.model_control,
            scheduling=scheduling.settings(options),
            operation=operation.settings(options),
            limits=limits.settings(options),
            grpc=grpc.settings(options),
        )
    )
