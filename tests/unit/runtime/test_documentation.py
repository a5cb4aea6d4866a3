"""The page about the runtime says what the code does."""

import re
from dataclasses import asdict
from pathlib import Path

from slipway_runtime.errors import Reason
from slipway_runtime.examples import GUESSES
from slipway_runtime.identity import Identity
from slipway_runtime.lifecycle.state import State
from slipway_runtime.metrics import Metrics
from slipway_runtime.scheduling.settings import SchedulingSettings
from slipway_runtime.server.operation import Operation
from slipway_runtime.server.settings import (
    AccessLogSettings,
    LimitSettings,
    OperationSettings,
    PayloadSettings,
)

PAGE = (Path(__file__).parents[3] / "docs" / "runtime.md").read_text()


def all_metrics(folder: Path) -> str:
    """What is exposed where everything is on."""
    identity = Identity("m", "1", "r")
    metrics = Metrics(identity, lambda: True)
    metrics.loaded("engine")
    access, payloads = (str(folder / name) for name in ("access", "payloads"))
    settings = OperationSettings(AccessLogSettings(access), payloads=PayloadSettings(payloads))
    Operation(settings, identity, State(), metrics.registry)
    return metrics.render().decode()


def test_every_metric_is_in_the_table_and_no_other(tmp_path: Path) -> None:
    exposed = all_metrics(tmp_path)

    told = set(re.findall(r"^\| `(slipway_\w+)` \|", PAGE, re.MULTILINE))

    assert told == set(re.findall(r"^# HELP (slipway_\w+)", exposed, re.MULTILINE))


def test_every_reason_is_named() -> None:
    assert [reason for reason in Reason if f"`{reason}`" not in PAGE] == []


def test_the_numbers_are_right() -> None:
    assert f"{SchedulingSettings().queue} requests wait" in PAGE
    assert "{}, {}, {} and {} are tried".format(*GUESSES) in " ".join(PAGE.split())


def test_the_limits_are_right() -> None:
    told = re.findall(r"^\| `([a-z-]+)` \| ([\d,]+)", PAGE, re.MULTILINE)

    assert {name: int(number.replace(",", "")) for name, number in told} == {
        name.replace("_", "-"): value
        // 2 ** {"body": 20, "decompressed": 20, "head": 10}.get(name, 0)
        for name, value in asdict(LimitSettings()).items()
    }
