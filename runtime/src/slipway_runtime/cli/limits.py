"""The options of `serve` that bound what one request may take."""

import argparse
import os

from slipway_runtime.cli.arguments import count, seconds, size
from slipway_runtime.server.settings import LimitSettings

_LIMITS = (
    ("body", "SIZE", size, "64Mi", "of a body, or an eighth of the memory where that is less"),
    ("decompressed", "SIZE", size, "64Mi", "of a body once it is decompressed"),
    ("nesting", "N", count, "100", "lists and objects in each other"),
    ("elements", "N", count, "33554432", "values in all inputs together"),
    ("head", "SIZE", size, "64Ki", "of a request's line and headers"),
    ("head-seconds", "S", seconds, "30", "until a request's head has arrived"),
    ("body-seconds", "S", seconds, "60", "until a request's body has arrived"),
)


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    group = parser.add_argument_group("limits of one request")
    for name, metavar, kind, default, words in _LIMITS:
        variable = f"SLIPWAY_LIMIT_{name.upper().replace('-', '_')}"
        group.add_argument(
            f"--limit-{name}",
            metavar=metavar,
            type=kind,
            default=os.environ.get(variable) or default,
            help=f"{words}; default: {default} [{variable}]",
        )


def settings(options: argparse.Namespace) -> LimitSettings:
    """Read them."""
    return LimitSettings(
        body=options.limit_body,
        decompressed=options.limit_decompressed,
        nesting=options.limit_nesting,
        elements=options.limit_elements,
        head=options.limit_head,
        head_seconds=options.limit_head_seconds,
        body_seconds=options.limit_body_seconds,
    )
