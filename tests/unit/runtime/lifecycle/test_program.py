import sys
import zipfile
from pathlib import Path

import pytest

from slipway_runtime.engine.settings import EngineSettings
from slipway_runtime.errors import ModelError, Reason
from slipway_runtime.lifecycle.program import load


@pytest.fixture
def program(tmp_path: Path) -> Path:
    path = tmp_path / "model.pt"
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("m/constants.pkl", "m/data.pkl", "m/code/m.py"):
            archive.writestr(name, b"")
    return path


def test_code_is_not_loaded_unless_whoever_runs_this_says_so(program: Path) -> None:
    with pytest.raises(
        ModelError, match=r"TorchScript, which is code.*--allow-torchscript"
    ) as found:
        load(program, EngineSettings(), 1)
    assert found.value.reason is Reason.FORMAT_REJECTED


def test_without_pytorch_the_way_to_it_is_named(
    program: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)

    with pytest.raises(ModelError, match=r"torchscript\.Dockerfile") as found:
        load(program, EngineSettings(allow_torchscript=True), 1)
    assert found.value.reason is Reason.LOAD_FAILED
