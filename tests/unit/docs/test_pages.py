"""The guides hang together: links lead somewhere, and no reason is left unexplained."""

import re
from pathlib import Path

import pytest

from slipway_operator.api.reasons import Reason
from slipway_operator.metrics import REGISTRY
from slipway_operator.settings import SETTINGS

ROOT = Path(__file__).parents[3]
PAGES = [
    *sorted((ROOT / "docs").glob("*.md")),
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *sorted((ROOT / "deploy").rglob("README.md")),
]
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_into_the_repository_leads_somewhere(page: Path) -> None:
    links = [link for link in LINK.findall(page.read_text()) if "://" not in link]

    assert [link for link in links if not _leads_somewhere(page, link)] == []


def test_every_reason_that_warns_is_in_troubleshooting() -> None:
    page = (ROOT / "docs" / "troubleshooting.md").read_text()
    explained = set(re.findall(r"^### (\w+)$", page, re.MULTILINE))

    assert explained == {reason.value for reason in Reason if reason.is_warning}


def test_every_setting_and_metric_of_the_operator_is_in_operations() -> None:
    page = (ROOT / "docs" / "operations.md").read_text()
    metrics = [metric.name for metric in REGISTRY.collect() if metric.name.startswith("slipway")]

    assert [setting.name for setting in SETTINGS if setting.name not in page] == []
    assert [name for name in metrics if name not in page] == []


def _leads_somewhere(page: Path, link: str) -> bool:
    path, _, anchor = link.partition("#")
    target = (page.parent / path) if path else page
    return target.exists() and (not anchor or anchor in _anchors(target))


def _anchors(page: Path) -> set[str]:
    """Headings as GitHub makes anchors of them."""
    headings = (heading.lower().replace(" ", "-") for heading in HEADING.findall(page.read_text()))
    return {re.sub(r"[^\w-]", "", heading) for heading in headings}
