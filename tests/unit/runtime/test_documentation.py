"""The page about the runtime says what the code does."""

import re
from pathlib import Path

from slipway_runtime.errors import Reason
from slipway_runtime.examples import GUESSES
from slipway_runtime.identity import Identity
from slipway_runtime.metrics import Metrics
from slipway_runtime.server.admission import QUEUE

PAGE = (Path(__file__).parents[3] / "docs" / "runtime.md").read_text()


def test_every_metric_is_in_the_table_and_no_other() -> None:
    exposed = Metrics(Identity("m", "1", "r"), lambda: True).render().decode()

    told = set(re.findall(r"^\| `(slipway_\w+)` \|", PAGE, re.MULTILINE))

    assert told == set(re.findall(r"^# HELP (slipway_\w+)", exposed, re.MULTILINE))


def test_every_reason_is_named() -> None:
    assert [reason for reason in Reason if f"`{reason}`" not in PAGE] == []


def test_the_numbers_are_right() -> None:
    assert f"{QUEUE} requests wait" in PAGE
    assert "{}, {}, {} and {} are tried".format(*GUESSES) in " ".join(PAGE.split())
