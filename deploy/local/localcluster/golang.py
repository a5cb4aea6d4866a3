"""Which Go is on this machine, and whether it can build what is pinned. Must not build anything."""

import re
import shutil

from localcluster.commands import run

LEAST = (1, 26)


def version() -> str:
    """As Go says it, such as go1.26.8; nothing where there is none."""
    return run(["go", "env", "GOVERSION"]).strip() if shutil.which("go") else ""


def problem(version: str) -> str | None:
    """Why a version will not do, and what to do."""
    found = re.match(r"go(\d+)\.(\d+)", version)
    if found and tuple(int(part) for part in found.groups()) >= LEAST:
        return None
    least = ".".join(str(part) for part in LEAST)
    have = version or "none"
    return f"Go {least} or newer is needed (found: {have}): install it from https://go.dev/dl"
