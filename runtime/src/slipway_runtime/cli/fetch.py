"""`slipway-runtime fetch`: its options, and the order they make.

Runs in an init container, so it must not import the server's libraries.
"""

import argparse
import os
from pathlib import Path
from typing import Final

from slipway_runtime.cli.arguments import digest, size

WORDS: Final = "get a model and verify it"
EXAMPLES: Final = """\
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


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.set_defaults(run=_run)
    parser.add_argument(
        "--uri", required=True, help="http://, https://, s3://, pvc:// or oci:// (see examples)"
    )
    parser.add_argument(
        "--sha256", metavar="HEX", type=digest, help="of the file; optional only for oci://"
    )
    parser.add_argument("--format", choices=("onnx",), default="onnx", help="default: onnx")
    parser.add_argument(
        "--size-limit",
        metavar="BYTES",
        type=size,
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


def _run(options: argparse.Namespace) -> None:
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
