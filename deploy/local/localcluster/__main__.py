"""The command line: python -m localcluster."""

import argparse
import json
import sys
from pathlib import Path

from localcluster import instance, native
from localcluster.commands import Failure


def main() -> int:
    ap = argparse.ArgumentParser()
    ap.add_argument("verb")
    ap.add_argument("--instance", default="slipway")
    ap.add_argument("archives", nargs="*", type=Path)
    a = ap.parse_args()
    i = instance.named(a.instance)
    try:
        if a.verb == "up":
            native.up(i)
        elif a.verb == "down":
            native.down(i)
        elif a.verb == "status":
            print(json.dumps(native.status(i), indent=2))
        elif a.verb == "load":
            native.load(i, a.archives)
    except Failure as f:
        print(f"localcluster: {f}", file=sys.stderr)
        return 1
    return 0


sys.exit(main())
