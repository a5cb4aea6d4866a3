"""The store serves what the URIs of the examples name: pods, ConfigMaps and files agree."""

from pathlib import Path
from typing import Any

import yaml


def test_every_uri_is_a_path_in_the_store_and_leads_to_that_model(
    example: Any, examples: Path
) -> None:
    path = example.model["uri"].removeprefix("http://models.slipway-examples.svc/")
    config_map = _mounted(examples)[path]

    assert examples / _files(examples)[config_map] == example.file


def test_the_store_serves_nothing_else(examples: Path) -> None:
    manifests = [yaml.safe_load(p.read_text()) for p in examples.glob("*/modeldeployment*.yaml")]
    uris = {manifest["spec"]["model"]["uri"] for manifest in manifests}

    assert {f"http://models.slipway-examples.svc/{path}" for path in _mounted(examples)} == uris
    assert sorted(_files(examples)) == sorted(_mounted(examples).values())


def test_the_place_for_the_image_is_where_the_script_looks_for_it(examples: Path) -> None:
    (container,) = _pod(examples)["containers"]

    assert container["image"] == "slipway-runtime"
    assert "s|image: slipway-runtime\\$|" in (examples / "store.sh").read_text()


def _pod(examples: Path) -> dict[str, Any]:
    deployment = yaml.safe_load((examples / "store" / "deployment.yaml").read_text())
    pod: dict[str, Any] = deployment["spec"]["template"]["spec"]
    return pod


def _mounted(examples: Path) -> dict[str, str]:
    """Path in the store to ConfigMap."""
    (volume,) = _pod(examples)["volumes"]
    *ours, yours = [source["configMap"] for source in volume["projected"]["sources"]]
    assert yours == {"name": "yours", "optional": True}
    return {source["items"][0]["path"]: source["name"] for source in ours}


def _files(examples: Path) -> dict[str, str]:
    """ConfigMap to file."""
    kustomization = yaml.safe_load((examples / "kustomization.yaml").read_text())
    generators = kustomization["configMapGenerator"]
    return {entry["name"]: entry["files"][0].removeprefix("model.onnx=") for entry in generators}
