"""Mounts: only what lies in or below the given folders, the latest first."""

from pathlib import Path

from localcluster.mounts import below

MOUNTINFO = """\
22 1 8:1 / / rw - ext4 /dev/sda rw
30 22 0:5 / /run/slipway-local/one/net rw - nsfs nsfs rw
31 22 0:6 / /run/slipway-local/one rw - tmpfs tmpfs rw
32 22 0:7 / /run/slipway-local/one-more/net rw - nsfs nsfs rw
33 22 0:8 / /run/slipway-local/one/a\\040b rw - tmpfs tmpfs rw
"""


def test_mounts_in_and_below_a_folder_are_found_the_latest_first() -> None:
    assert below((Path("/run/slipway-local/one"),), MOUNTINFO) == [
        "/run/slipway-local/one/a b",
        "/run/slipway-local/one",
        "/run/slipway-local/one/net",
    ]


def test_a_folder_whose_name_only_begins_alike_is_left_alone() -> None:
    assert below((Path("/run/slipway-local/on"),), MOUNTINFO) == []
