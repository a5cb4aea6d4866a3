from typing import Any

import numpy as np
import pytest

from runtime_testing import models
from slipway_runtime.engine import binding, onnx
from slipway_runtime.engine.binding import Device

HERE = Device("cpu", 0)
"""Binding is the same on every device; this one is always there."""


def test_a_bound_run_gives_what_any_run_gives(save: Any) -> None:
    engine = onnx.load(save(models.adder()))
    given = {"A": np.arange(8, dtype=np.float32).reshape(2, 4), "B": np.ones((2, 4), np.float32)}

    [difference, total] = binding.run(engine.session, HERE, given, ["DIFFERENCE", "SUM"], None)

    assert (total == given["A"] + 1).all()
    assert (difference == given["A"] - 1).all()


def test_views_of_a_requests_body_are_bound_as_they_are(save: Any) -> None:
    engine = onnx.load(save(models.identity()))
    view = np.frombuffer(np.arange(4, dtype=np.float32).tobytes(), np.float32).reshape(1, 4)

    [found] = binding.run(engine.session, HERE, {"X": view}, ["Y"], None)

    assert found.tolist() == [[0, 1, 2, 3]]


@pytest.mark.parametrize(("kind", "can"), [(models.FLOAT, True), (models.STRING, False)])
def test_text_is_not_bound(save: Any, kind: int, can: bool) -> None:
    assert binding.can_bind(onnx.load(save(models.identity(kind))).signature) is can
