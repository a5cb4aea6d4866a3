"""A server of a process of its own, for as long as a measurement takes.

It is what `slipway-runtime serve` starts, with nothing switched off.
"""

import http.client
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

from slipway_runtime.errors import ModelError, Reason

_PATIENCE: Final = 60.0
_LISTENING: Final = re.compile(r"listening on port (\d+)")


@contextmanager
def served(model: Path, options: Sequence[str]) -> Iterator[int]:
    """Serve a model; give the port."""
    command = [sys.executable, "-m", "slipway_runtime", "serve", str(model)]
    with tempfile.TemporaryFile("w+") as log:
        process = subprocess.Popen(
            [*command, "--host", "127.0.0.1", "--port", "0", *options], stderr=log, stdout=log
        )
        try:
            yield _port_when_ready(process, log)
        finally:
            process.kill()
            process.wait()


def _port_when_ready(process: subprocess.Popen[bytes], log: IO[str]) -> int:
    deadline = time.monotonic() + _PATIENCE
    while process.poll() is None and time.monotonic() < deadline:
        found = _LISTENING.search(_text(log))
        if found and _is_ready(int(found[1])):
            return int(found[1])
        time.sleep(0.02)
    last = _text(log).strip().rpartition("\n")[2] or "it said nothing"
    raise ModelError(Reason.LOAD_FAILED, f"the server did not become ready: {last}")


def _text(log: IO[str]) -> str:
    log.seek(0)
    return log.read()


def _is_ready(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/v2/health/ready")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()
