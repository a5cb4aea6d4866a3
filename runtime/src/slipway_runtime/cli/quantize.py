"""`slipway-runtime quantize`: its options, and what it prints.

Imports the model's libraries only when it runs: help must not wait for them.
"""

import argparse
import sys
from pathlib import Path
from typing import Final

from slipway_runtime.cli import local

WORDS: Final = "make a model's int8 sibling, and tell what that changes"
EXAMPLES: Final = """\
examples:
  slipway-runtime quantize model.onnx model.int8.onnx
      compares the two on random numbers

  slipway-runtime quantize model.onnx model.int8.onnx --sample rows.json
      compares them on your own rows: the body of a request to /predict, such as
      [{"sepal_length": 5.1, ...}, ...], or of one of the Open Inference Protocol

  slipway-runtime bench model.int8.onnx
      then tells whether it is faster here: on some CPUs, and for some models, it is not

Weights become eight bits wide, activations are scaled as they come (dynamic quantization), so no
data is needed to calibrate. Needs the package onnx: in the repository,
pip install '.[runtime,tools]'
"""


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.set_defaults(run=_run)
    local.add_model(parser)
    parser.add_argument("out", type=Path, metavar="OUT.onnx", help="where the int8 model goes")
    parser.add_argument(
        "--sample", type=Path, metavar="FILE", help="a request with rows to compare answers on"
    )
    parser.add_argument("--force", action="store_true", help="replace OUT.onnx if it is there")


def _run(options: argparse.Namespace) -> None:
    if options.out.exists() and not options.force:
        sys.exit(f"slipway-runtime: {options.out} is there already; --force replaces it")
    from slipway_runtime.tools import quantizing

    sample = options.sample.read_bytes() if options.sample else None
    model = local.load(options)
    report = quantizing.quantize(model, options.model, options.out, sample)
    print(quantizing.as_text(report, options.model, options.out))
