"""Running other programs, and the one exception whose message is all that a user needs.

Must not know what any program is for.
"""

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

TAIL_LINES = 12


class Failure(Exception):  # noqa: N818 (it is a result to report, not a defect of the program)
    """Something the user can act on; the message says what happened and what to do."""


def run(
    argv: Sequence[str | Path],
    *,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    stdin: str | None = None,
) -> str:
    """Run a program to its end and return what it printed; a Failure carries its last words."""
    program = str(argv[0])
    try:
        done = subprocess.run(
            [str(word) for word in argv],
            env={**os.environ, **(env or {})},
            cwd=cwd,
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
        )
    except FileNotFoundError:
        raise Failure(f"{program} is not installed") from None
    if done.returncode != 0:
        raise Failure(f"{_shown(argv)} failed: {tail(done.stderr or done.stdout)}")
    return done.stdout


def succeeds(argv: Sequence[str | Path]) -> bool:
    """Say whether a program exists, runs and ends well."""
    try:
        run(argv)
    except Failure:
        return False
    return True


def tail(text: str) -> str:
    """The last lines of a program's words: where the reason stands."""
    return "\n".join(text.strip().splitlines()[-TAIL_LINES:])


def _shown(argv: Sequence[str | Path]) -> str:
    words = [str(word) for word in argv]
    return " ".join(words[:6]) + (" ..." if len(words) > 6 else "")
