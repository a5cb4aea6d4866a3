"""The examples as they are checked in."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

EXAMPLES = Path(__file__).parents[3] / "deploy" / "examples"
MANIFESTS = sorted(EXAMPLES.glob("*/modeldeployment*.yaml"))
STORE = "http://models.slipway-examples.svc/"


@dataclass(frozen=True, slots=True)
class Example:
    """One version of one example."""

    manifest: Path
    model: dict[str, Any]

    @property
    def folder(self) -> Path:
        return self.manifest.parent

    @property
    def version(self) -> str:
        version: str = self.model["version"]
        return version

    @property
    def file(self) -> Path:
        stem = self.manifest.stem.replace("modeldeployment", "model")
        return self.folder / f"{stem}.onnx"

    @property
    def rules(self) -> dict[str, dict[str, Any]]:
        """What the ModelDeployment says of each input."""
        return {rule["name"]: rule for rule in self.model["inputs"]}

    def read(self, name: str) -> Any:
        return json.loads((self.folder / name).read_text(encoding="utf-8"))


@pytest.fixture(params=MANIFESTS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def example(request: pytest.FixtureRequest) -> Example:
    manifest = yaml.safe_load(request.param.read_text(encoding="utf-8"))
    return Example(request.param, manifest["spec"]["model"])


@pytest.fixture
def examples() -> Path:
    return EXAMPLES
