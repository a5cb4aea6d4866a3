"""The options of `serve` that concern gRPC."""

import argparse
import os

from slipway_runtime.cli.arguments import count, size
from slipway_runtime.grpcserver.settings import GrpcSettings


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    group = parser.add_argument_group("gRPC (off unless it has a port)")
    group.add_argument(
        "--grpc-port",
        metavar="PORT",
        type=count,
        default=os.environ.get("SLIPWAY_GRPC_PORT") or None,
        help="answer the protocol over gRPC there; 0: any [SLIPWAY_GRPC_PORT]",
    )
    group.add_argument(
        "--grpc-message-size",
        metavar="SIZE",
        type=size,
        default=os.environ.get("SLIPWAY_GRPC_MESSAGE_SIZE") or None,
        help="of the largest message, such as 16Mi; default: what HTTP takes as a body "
        "[SLIPWAY_GRPC_MESSAGE_SIZE]",
    )


def settings(options: argparse.Namespace) -> GrpcSettings:
    """Read them."""
    return GrpcSettings(options.grpc_port, options.grpc_message_size)
