"""The command line: help that helps, and wrong settings refused in plain words."""

import subprocess
import sys

import pytest

from slipway_operator.__main__ import main
from slipway_operator.settings import SETTINGS


def test_help_names_every_setting_and_gives_an_example(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["slipway-operator", "--help"])

    with pytest.raises(SystemExit) as ended:
        main()

    assert ended.value.code == 0
    shown = capsys.readouterr().out
    assert all(setting.name in shown for setting in SETTINGS)
    assert "python -m slipway_operator" in shown


def test_a_missing_setting_ends_it_with_one_plain_line() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "slipway_operator"],
        env={"PYTHONPATH": ":".join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 2
    assert done.stderr == (
        "slipway-operator: SLIPWAY_RUNTIME_IMAGE is not set: name the image that runs models\n"
    )
