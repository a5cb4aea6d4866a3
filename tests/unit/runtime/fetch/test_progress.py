import logging

import pytest

from slipway_runtime.fetch.progress import Progress

MIB = 2**20


def test_a_long_transfer_tells_every_two_seconds(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    clock = iter([0.0, 1.0, 2.0, 3.0, 4.5])
    progress = Progress(100 * MIB, lambda: next(clock))

    for done in (10, 20, 30, 45):
        progress.tell(done * MIB)

    assert [record.message for record in caplog.records] == [
        "fetched 20 MiB of 100 MiB, 10.0 MiB/s",
        "fetched 45 MiB of 100 MiB, 10.0 MiB/s",
    ]


def test_a_size_that_is_not_known_is_not_told(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    clock = iter([0.0, 2.0])

    Progress(None, lambda: next(clock)).tell(2 * MIB)

    assert caplog.records[0].message == "fetched 2 MiB, 1.0 MiB/s"
