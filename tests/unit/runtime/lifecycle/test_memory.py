import subprocess
import sys
from typing import Any

import numpy as np
from onnx import helper, numpy_helper

from runtime_testing import models
from runtime_testing.serving import environment

GREEDY = """
import sys
from pathlib import Path
import numpy as np
from slipway_runtime.cgroup import Limits
from slipway_runtime.engine import onnx
from slipway_runtime.errors import OutOfMemoryError
from slipway_runtime.lifecycle import memory

engine = onnx.load(Path(sys.argv[1]))
memory.bound(Limits(1.0, int(sys.argv[2]) or None))
try:
    engine.run({"rows": np.array([2**26])}, ["Y"])
except OutOfMemoryError as error:
    print("refused:", error)
else:
    print("answered")
"""


def run(path: Any, limit: int) -> str:
    program = [sys.executable, "-c", GREEDY, str(path), str(limit)]
    done = subprocess.run(program, env=environment(), capture_output=True, text=True, check=True)
    return done.stdout


def greedy() -> bytes:
    """Takes a quarter of a gigabyte for a request of a few bytes."""
    false = numpy_helper.from_array(np.zeros(1, np.float32))
    nodes = [
        helper.make_node("ConstantOfShape", ["rows"], ["huge"], value=false),
        helper.make_node("Shape", ["huge"], ["Y"]),
    ]
    return models.model(
        nodes,
        [("rows", models.INT64, (1,))],
        [("Y", models.INT64, (1,)), ("huge", models.FLOAT, (None,))],
    )


def test_a_request_that_needs_more_than_the_container_has_fails_alone(save: Any) -> None:
    assert "not enough memory" in run(save(greedy()), 128 * 2**20)


def test_without_a_limit_nothing_is_bounded(save: Any) -> None:
    assert run(save(greedy()), 0) == "answered\n"
