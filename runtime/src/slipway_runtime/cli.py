"""The command line: `serve` a model, or `fetch` one. Both work without Kubernetes.

Imports nothing heavy itself: `fetch` runs in an init container and must not pay for a server.
"""

import argparse
import logging
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from slipway_runtime import __version__, termination
from slipway_runtime.errors import ModelError

_NAME: Final = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,251}[A-Za-z0-9])?")
_SUFFIXES: Final = {"": 1, "Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40}

_SERVE_EXAMPLES = """\
examples:
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

_FETCH_EXAMPLES = """\
examples:
  slipway-runtime fetch --uri https://models.example.com/iris.onnx --sha256 9f86d0... --dest .
  AWS_ACCESS_KEY_ID=... AWS_SECRET_ACCESS_KEY=... AWS_ENDPOINT_URL=https://minio.example.com \\
      slipway-runtime fetch --uri s3://models/iris.onnx --sha256 9f86d0... --dest /model
  slipway-runtime fetch --uri pvc://claim/iris/model.onnx --sha256 9f86d0... \\
      --source-dir /mnt/claim --dest /model

Nothing is parsed before its sha256 is right; model.onnx appears in --dest only when all is well.
environment:
  AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN AWS_REGION AWS_ENDPOINT_URL   for s3
  HTTP_AUTHORIZATION        value of the Authorization header; never sent to another host
  SLIPWAY_ALLOWED_SOURCES   comma-separated patterns, such as https://*.example.com,s3://models;
                            empty allows every source
  SLIPWAY_TERMINATION_LOG   file for the reason of a failure (default: /dev/termination-log)
"""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command; end with 1 and the reason when it fails."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s", level=logging.INFO)
    for noisy in ("uvicorn", "httpx", "httpcore"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    try:
        options.run(options)
    except ModelError as error:
        print(f"slipway-runtime: {error}", file=sys.stderr)
        termination.write(error)
        sys.exit(1)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="slipway-runtime", description="Serve one ONNX model over HTTP, or fetch it first."
    )
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    _add_serve(_command(commands, "serve", "load a model and answer predictions", _SERVE_EXAMPLES))
    _add_fetch(_command(commands, "fetch", "get a model and verify it", _FETCH_EXAMPLES))
    return parser


def _command(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]",
    name: str,
    words: str,
    epilog: str,
) -> argparse.ArgumentParser:
    return commands.add_parser(
        name,
        help=words,
        description=words.capitalize() + ".",
        epilog=epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def _add_serve(parser: argparse.ArgumentParser) -> None:
    environment = os.environ.get
    parser.set_defaults(run=_serve)
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
        type=_count,
        default=environment("SLIPWAY_WARMUP_REQUESTS") or "3",
        help="made-up requests before it is ready; default: 3 [SLIPWAY_WARMUP_REQUESTS]",
    )
    parser.add_argument(
        "--provider",
        type=_provider,
        metavar="cpu|cuda",
        default=environment("SLIPWAY_PROVIDERS") or "cpu",
        help="what computes; default: cpu [SLIPWAY_PROVIDERS]",
    )
    parser.add_argument("--host", help="address to listen on; default: all")
    parser.add_argument("--port", type=_count, default=8080, help="default: 8080; 0: any")
    parser.add_argument(
        "--drain-seconds",
        metavar="S",
        type=_seconds,
        default=environment("SLIPWAY_DRAIN_SECONDS") or "15",
        help="how long to answer after SIGTERM; default: 15 [SLIPWAY_DRAIN_SECONDS]",
    )


def _add_fetch(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(run=_fetch)
    parser.add_argument(
        "--uri", required=True, help="http://, https://, s3://, pvc:// or oci:// (see examples)"
    )
    parser.add_argument(
        "--sha256", metavar="HEX", type=_digest, help="of the file; optional only for oci://"
    )
    parser.add_argument("--format", choices=("onnx",), default="onnx", help="default: onnx")
    parser.add_argument(
        "--size-limit",
        metavar="BYTES",
        type=_size,
        default="4Gi",
        help="largest model that is taken, such as 4Gi (the default)",
    )
    parser.add_argument(
        "--source-dir",
        metavar="DIR",
        type=Path,
        help="where the volume is mounted, for pvc:// and oci://",
    )
    parser.add_argument(
        "--dest", metavar="DIR", type=Path, required=True, help="folder that gets model.onnx"
    )


def _serve(options: argparse.Namespace) -> None:
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
            provider=options.provider,
            host=options.host,
            port=options.port,
            drain_seconds=options.drain_seconds,
        )
    )


def _fetch(options: argparse.Namespace) -> None:
    from slipway_runtime.fetch.job import Order, fetch

    fetch(
        Order(
            uri=options.uri,
            sha256=options.sha256,
            size_limit=options.size_limit,
            source_dir=options.source_dir,
            dest=options.dest,
        ),
        os.environ,
    )


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number")
    return int(text)


def _provider(text: str) -> str:
    if text not in ("cpu", "cuda"):
        raise argparse.ArgumentTypeError(f"{text!r} is neither cpu nor cuda")
    return text


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0 <= seconds <= 3600:
        raise argparse.ArgumentTypeError("between 0 and 3600 seconds")
    return seconds


def _digest(text: str) -> str:
    if not re.fullmatch(r"[0-9a-fA-F]{64}", text):
        raise argparse.ArgumentTypeError("a sha256 has 64 hexadecimal digits")
    return text.lower()


def _size(text: str) -> int:
    match = re.fullmatch(r"(\d+)(|Ki|Mi|Gi|Ti)", text)
    if match is None:
        raise argparse.ArgumentTypeError(f"{text!r} is not a size such as 500000 or 4Gi")
    return int(match[1]) * _SUFFIXES[match[2]]
