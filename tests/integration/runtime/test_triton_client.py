"""Triton's own HTTP client works unchanged, but for binary tensors, which are refused in words."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from runtime_testing import models, serving

PROGRAM = Path(serving.__file__).with_name("triton.py")


def test_tritons_client_works_unchanged(save: Callable[[str, bytes], Path]) -> None:
    with serving.serving(save("adder", models.adder(models.INT32))) as server:
        done = subprocess.run(
            [sys.executable, str(PROGRAM), f"127.0.0.1:{server.port}"],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    assert done.stdout == "all is well\n", done.stderr
