"""Every example in the guides works: YAML is admitted, and blocks marked `run` are run.

In a page, ```bash run and ```python run are run in their order, ```python file=NAME is saved under
that name first, and every ```yaml that holds Kubernetes objects must be admitted by the API server.
"""

import os
import re
import shutil
import signal
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from slipway_testing.cluster import ROOT, Cluster

pytestmark = [pytest.mark.cluster, pytest.mark.xdist_group("operator")]
PAGES = [
    ROOT / "README.md",
    *sorted((ROOT / "docs").glob("*.md")),
    *sorted((ROOT / "deploy").rglob("README.md")),
]
BLOCK = re.compile(r"^```(\w+)(?: +([^\n]+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PROMISES = {
    "README.md": ['{"label":"setosa","probabilities":['],
    "runtime.md": ['"ready":true', '"label":2', '"name":"label"'],
    "getting-started.md": [
        "of 45 wines it has not seen are right",
        '{"label":0,',
        "'alcohol': 139.0 is outside 0 to 20",
        "ChecksumMismatch",
        'modeldeployment.serving.slipway.dev "wine" deleted',
    ],
}


@dataclass(frozen=True, slots=True)
class Block:
    """One fenced block: its language, what stands beside it, and its text."""

    language: str
    marks: str
    text: str


def blocks(page: Path) -> list[Block]:
    return [Block(*found) for found in BLOCK.findall(page.read_text())]


def objects(page: Path) -> list[Any]:
    yamls = [block.text for block in blocks(page) if block.language == "yaml"]
    loaded = [each for text in yamls for each in yaml.safe_load_all(text)]
    return [each for each in loaded if isinstance(each, dict) and "kind" in each]


OBJECTS = [
    pytest.param(each, id=f"{page.name}-{each['kind']}-{each['metadata']['name']}")
    for page in PAGES
    for each in objects(page)
]
RUNNABLE = [page for page in PAGES if any("run" in block.marks.split() for block in blocks(page))]


@pytest.mark.parametrize("declared", OBJECTS)
def test_the_api_server_admits_it(declared: dict[str, Any], home: Path) -> None:
    dry_run = ["kubectl", "apply", "--dry-run=server", "--validate=strict", "--filename", "-"]
    done = subprocess.run(
        dry_run,
        input=yaml.safe_dump(declared),
        env={**os.environ, "KUBECONFIG": str(home / "kubeconfig")},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr


@pytest.mark.timeout(600)
@pytest.mark.parametrize("page", RUNNABLE, ids=lambda page: page.name)
def test_the_page_does_what_it_says(page: Path, home: Path) -> None:
    if shutil.which("curl") is None and "curl" in page.read_text():
        pytest.skip("the page asks with curl, which is not installed")

    code, output = run(script(page), home)

    assert code == 0, output
    assert [words for words in PROMISES.get(page.name, []) if words not in output] == []


@pytest.fixture
def home(cluster: Cluster, namespace: str, tmp_path: Path) -> Path:
    """A folder that looks like the repository's root, and a kubeconfig for one namespace."""
    for name in (".venv", "deploy", "runtime"):
        (tmp_path / name).symlink_to(ROOT / name)
    config = yaml.safe_load(cluster.kubeconfig.read_text())
    for context in config["contexts"]:
        context["context"]["namespace"] = namespace
    (tmp_path / "kubeconfig").write_text(yaml.safe_dump(config))
    return tmp_path


def script(page: Path) -> str:
    """What of the page is to be run, in its order, as one shell script."""
    return "set -euxo pipefail\n" + "\n".join(map(step, blocks(page)))


def step(block: Block) -> str:
    """One block as shell; the Python blocks of a page go on where the last one ended."""
    name = block.marks.removeprefix("file=")
    match (block.language, block.marks):
        case ("bash", "run"):
            return block.text
        case ("python", "run"):
            return f"cat >> page.py <<'END'\n{block.text}END\n.venv/bin/python page.py"
        case ("python", _) if name != block.marks:
            return f"cat > {name} <<'END'\n{block.text}END"
    return ""


def run(text: str, home: Path) -> tuple[int, str]:
    """Run a script with all that it starts, and end all that it leaves running."""
    with (home / "output").open("w+") as output:
        process = subprocess.Popen(
            ["bash", "-c", text],
            cwd=home,
            env={**os.environ, "KUBECONFIG": str(home / "kubeconfig")},
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            code = process.wait(timeout=580)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
        output.seek(0)
        return code, output.read()
