"""Models as files, made on demand."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

# A machine that is busy with other work is slow, and that is no defect.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")

SaveModel = Callable[[bytes], Path]


@pytest.fixture
def save(tmp_path: Path) -> SaveModel:
    """Write a model to a file of its own."""

    def write(content: bytes) -> Path:
        path = tmp_path / "model.onnx"
        path.write_bytes(content)
        return path

    return write
