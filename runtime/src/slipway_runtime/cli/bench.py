"""`slipway-runtime bench`: its options, and what it prints.

Imports the model's libraries only when it runs: help must not wait for them.
"""

import argparse
import os
import shlex
from typing import Final

from slipway_runtime.cli import local
from slipway_runtime.cli.arguments import seconds

WORDS: Final = "measure a model on this machine, and say what to set"
EXAMPLES: Final = """\
examples:
  slipway-runtime bench iris.onnx
      the model alone with 1, 8 and 32 rows, then a server with 1, 16 and 64 clients: about 20 s

  slipway-runtime bench iris.onnx --seconds 60 --serve '--cache 64Mi'
      longer, with options of serve

  taskset --cpu-list 0 slipway-runtime bench iris.onnx
      as in a container with one CPU; the clients share it with the server

Requests are made up, and each is the same, so an answer cache would answer all of them. Median and
p99 are of single requests. Nothing but this machine's loopback is used.
"""


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.set_defaults(run=_run)
    local.add_model(parser)
    parser.add_argument(
        "--seconds", type=_duration, default="20", metavar="S", help="in all; default: 20"
    )
    parser.add_argument(
        "--serve",
        type=shlex.split,
        default="",
        metavar="'OPTIONS'",
        help="options of serve for the server that is measured",
    )


def _duration(text: str) -> float:
    duration = seconds(text)
    if duration < 1:
        raise argparse.ArgumentTypeError("less than a second measures nothing")
    return duration


def _run(options: argparse.Namespace) -> None:
    from slipway_runtime import cgroup
    from slipway_runtime.tools import bench

    if os.getloadavg()[0] > (os.cpu_count() or 1) / 2:
        print("this machine is busy with other work: figures will vary, and so will advice")
    found = bench.Bench(
        model=local.load(options),
        path=options.model,
        options=(*local.for_serve(options), *options.serve),
        seconds=options.seconds,
        threads=cgroup.limits().threads,
        tell=lambda line: print(line, flush=True),
    ).run()
    print("what follows:")
    for line in bench.advice(found):
        print(line)
