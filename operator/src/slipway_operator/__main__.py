"""The command line of the operator: everything is set by the environment, so there is only help."""

import argparse
import asyncio
import logging
import os
import sys

from slipway_operator.main import run
from slipway_operator.settings import SETTINGS, SettingsError, read_settings

_EXAMPLE = """
example, against the cluster of your kubeconfig:
  SLIPWAY_RUNTIME_IMAGE=localhost/slipway-runtime:dev SLIPWAY_NAMESPACE=default \\
    python -m slipway_operator
"""


def main() -> int:
    """Run the operator."""
    _parser().parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    logging.getLogger("kopf").setLevel(logging.WARNING)
    logging.getLogger("kopf._core.reactor.running").setLevel(logging.ERROR)
    try:
        settings = read_settings(os.environ)
    except SettingsError as error:
        print(f"slipway-operator: {error}", file=sys.stderr)
        return 2
    asyncio.run(run(settings))
    return 0


def _parser() -> argparse.ArgumentParser:
    rows = (
        f"  {item.name:<28}{item.meaning}{f' [{item.default}]' if item.default else ''}"
        for item in SETTINGS
    )
    return argparse.ArgumentParser(
        prog="slipway-operator",
        description="Serve ModelDeployments: one of the replicas leads, the others stand by.",
        epilog="environment variables:\n" + "\n".join(rows) + "\n" + _EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


if __name__ == "__main__":
    sys.exit(main())
