"""The options of `serve` that say what waits, for how long, and what is joined or remembered."""

import argparse
import os

from slipway_runtime.cli.arguments import count, milliseconds, seconds, size
from slipway_runtime.scheduling.settings import SchedulingSettings


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    environment = os.environ.get
    parser.add_argument(
        "--batch-rows",
        metavar="N",
        type=count,
        default=environment("SLIPWAY_BATCH_ROWS") or "1",
        help="most rows of different requests in one run of the model; "
        "default: 1, every request runs alone [SLIPWAY_BATCH_ROWS]",
    )
    parser.add_argument(
        "--batch-delay-ms",
        metavar="MS",
        type=milliseconds,
        default=environment("SLIPWAY_BATCH_DELAY_MS") or "0",
        help="how long a row may wait for others to join; "
        "default: 0, only what waits anyway is joined [SLIPWAY_BATCH_DELAY_MS]",
    )
    parser.add_argument(
        "--queue",
        metavar="N",
        type=count,
        default=environment("SLIPWAY_QUEUE") or "256",
        help="requests that may wait, others get 503 at once; default: 256 [SLIPWAY_QUEUE]",
    )
    parser.add_argument(
        "--timeout-seconds",
        metavar="S",
        type=seconds,
        default=environment("SLIPWAY_TIMEOUT_SECONDS") or "30",
        help="until a request that waits or runs gets 504; a client may ask for less; "
        "default: 30 [SLIPWAY_TIMEOUT_SECONDS]",
    )
    parser.add_argument(
        "--cache",
        metavar="SIZE",
        type=size,
        default=environment("SLIPWAY_CACHE") or "0",
        help="memory for answers to repeat, such as 64Mi; default: 0, none [SLIPWAY_CACHE]",
    )


def settings(options: argparse.Namespace) -> SchedulingSettings:
    """Read them."""
    return SchedulingSettings(
        batch_rows=options.batch_rows,
        batch_delay=options.batch_delay_ms,
        queue=options.queue,
        timeout=options.timeout_seconds,
        cache_bytes=options.cache,
    )
