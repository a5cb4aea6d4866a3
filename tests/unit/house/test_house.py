"""The promises the repository makes about itself: layout, commands, pins."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PROMISED_TARGETS = [
    "help", "demo", "test", "test-unit", "test-integration", "test-e2e",
    "check", "cluster-up", "cluster-down", "deploy",
]  # fmt: skip
LOCKS = [
    *("tests/requirements.txt", "operator/requirements.txt", "runtime/requirements.txt"),
    *(
        f"bench/runtime/peers/{peer}/requirements.txt"
        for peer in ("kserve", "litserve", "mlserver")
    ),
]


def tracked_files() -> list[Path]:
    listing = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return [ROOT / name for name in listing.stdout.split("\0") if name and (ROOT / name).is_file()]


def test_the_operator_folder_does_not_shadow_the_standard_library() -> None:
    code = "import collections, operator; print(operator.itemgetter(0)([7]), operator.__file__)"
    answer = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    value, where = answer.stdout.split()
    assert value == "7"
    assert not Path(where).is_relative_to(ROOT)


@pytest.mark.parametrize("folder", ["operator", "tests"])
def test_plain_folders_are_no_packages(folder: str) -> None:
    packages = [
        path.relative_to(ROOT)
        for path in (ROOT / folder).rglob("__init__.py")
        if not path.is_relative_to(ROOT / "operator" / "src" / "slipway_operator")
        and not path.is_relative_to(ROOT / "tests" / "support")
    ]
    assert packages == []


@pytest.mark.parametrize("target", PROMISED_TARGETS)
def test_make_help_names_every_promised_command(target: str) -> None:
    shown = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True)
    plain = re.sub(r"\x1b\[\d+m", "", shown.stdout)
    assert re.search(rf"^  {target}\s+\S", plain, re.MULTILINE)


@pytest.mark.parametrize("lock", LOCKS)
def test_every_pin_carries_a_hash_and_no_address(lock: str) -> None:
    text = (ROOT / lock).read_text()
    assert "://" not in text
    pins = [block for block in re.split(r"\n(?=\S)", text) if block and not block.startswith("#")]
    assert pins
    assert [pin.split()[0] for pin in pins if "--hash=sha256:" not in pin] == []


def test_the_locks_answer_to_pyproject() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    for extra, lock in [("operator", LOCKS[1]), ("runtime", LOCKS[2])]:
        pinned = set(re.findall(r"^([a-z0-9.-]+)==", (ROOT / lock).read_text(), re.MULTILINE))
        wanted = {
            re.split(r"[\[<>=]", requirement)[0]
            for requirement in project["optional-dependencies"][extra]
        }
        assert wanted <= pinned


def test_ci_runs_the_command_the_readme_gives() -> None:
    assert "make test" in (ROOT / "README.md").read_text()
    assert re.search(r"^make test$", (ROOT / ".ci" / "run").read_text(), re.MULTILINE)


def test_no_file_names_a_package_registry() -> None:
    hosts = re.compile(
        r"\b(?:pypi|pythonhosted|npmjs|crates|proxy\.golang|deb\.debian)\.(?:org|io)\b"
    )
    found = [
        f"{path.relative_to(ROOT)}: {match.group()}"
        for path in tracked_files()
        if path != Path(__file__) and (match := hosts.search(path.read_text(errors="ignore")))
    ]
    assert found == []
