"""Run a client's program: every public function of it is a scenario, called with the servers.

    python scenarios.py PROGRAM.py '{"adder": "127.0.0.1:8080"}'

Prints one line of JSON a scenario: its name, and the traceback of what went wrong, if it did.
Runs in the client's own environment, so it needs nothing but Python.
"""

import asyncio
import inspect
import json
import runpy
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def refused(*words: str) -> Iterator[None]:
    """Expect an error that says these words."""
    caught = None
    try:
        yield
    except Exception as error:
        caught = error
    assert caught is not None, "it was not refused"
    missing = [word for word in words if word not in str(caught)]
    assert not missing, f"{missing} not in {caught}"


def main(program: str, servers: dict[str, str]) -> None:
    for name, scenario in runpy.run_path(program).items():
        if _is_scenario(name, scenario, program):
            print(json.dumps([name, _outcome(scenario, servers)]), flush=True)


def _is_scenario(name: str, value: Any, program: str) -> bool:
    own = inspect.isfunction(value) and value.__code__.co_filename == program
    return own and not name.startswith("_")


def _outcome(scenario: Callable[[dict[str, str]], Any], servers: dict[str, str]) -> str:
    try:
        done = scenario(servers)
        if inspect.iscoroutine(done):
            asyncio.run(done)
    except Exception:
        return traceback.format_exc()
    return ""


if __name__ == "__main__":
    main(sys.argv[1], json.loads(sys.argv[2]))
