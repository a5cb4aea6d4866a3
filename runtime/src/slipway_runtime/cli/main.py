"""The program `slipway-runtime`: choose a command, run it, tell why when it fails.

Imports nothing heavy itself: `fetch` runs in an init container and must not pay for a server.
"""

import argparse
import logging
import sys
from collections.abc import Sequence
from types import ModuleType
from typing import Final

from slipway_runtime import __version__, termination
from slipway_runtime.cli import bench, fetch, inspect, quantize, serve
from slipway_runtime.errors import ModelError, StartError

_COMMANDS: Final[dict[str, ModuleType]] = {
    "serve": serve,
    "inspect": inspect,
    "bench": bench,
    "quantize": quantize,
    "fetch": fetch,
}


_EXAMPLES: Final = """\
start with these:
  slipway-runtime inspect model.onnx     what it takes and gives, and requests to copy
  slipway-runtime serve model.onnx       then ask it, or open http://localhost:8080
  slipway-runtime bench model.onnx       how fast it is here, and what to set

Each command has a --help with examples. None of them needs Kubernetes.
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
    except StartError as error:
        sys.exit(f"slipway-runtime: {error}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="slipway-runtime",
        description="Serve one model over HTTP, or look at it first.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for name, command in _COMMANDS.items():
        command.add(
            commands.add_parser(
                name,
                help=command.WORDS,
                description=command.WORDS.capitalize() + ".",
                epilog=command.EXAMPLES,
                formatter_class=argparse.RawDescriptionHelpFormatter,
            )
        )
    return parser
