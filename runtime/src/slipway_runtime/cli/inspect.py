"""`slipway-runtime inspect`: its options, and what it prints.

Imports the model's libraries only when it runs: help must not wait for them.
"""

import argparse
from typing import Final

from slipway_runtime.cli import local

WORDS: Final = "tell what a model takes and gives, and how to ask it"
EXAMPLES: Final = """\
examples:
  slipway-runtime inspect iris.onnx
      its inputs and outputs, what it was made by, and requests to copy

  slipway-runtime inspect iris.onnx --json | jq .inputs

  slipway-runtime inspect iris.onnx --request predict | curl localhost:8080/predict -d @-
      asks a server that was started by: slipway-runtime serve iris.onnx

The file is checked as `serve` checks it, and refused in the same words. The requests that are shown
have been answered by the model.
"""


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.set_defaults(run=_run)
    local.add_model(parser)
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="for programs")
    form.add_argument(
        "--request", choices=("predict", "infer"), help="only the body of a request, to send it"
    )


def _run(options: argparse.Namespace) -> None:
    from slipway_runtime.tools import description

    found = description.describe(options.model, local.load(options))
    if options.json:
        print(description.as_json(found))
    elif options.request:
        print(description.request(getattr(found, options.request)))
    else:
        print(description.as_text(found))
