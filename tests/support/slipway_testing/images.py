"""Images of a few files, made without any tool and loaded into the cluster's node.

An image here is one layer over nothing. It is written as an OCI archive, so that its digest is
known before anything has seen it.
"""

import gzip
import hashlib
import io
import json
import subprocess
import sys
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from slipway_testing.cluster import ROOT

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"


@dataclass(frozen=True, slots=True)
class Image:
    """An image by its digest, and the archive that holds it."""

    reference: str
    archive: bytes


def build(name: str, files: Mapping[str, bytes], *, entrypoint: str = "") -> Image:
    """Pack files (path → content, all executable) into an image called `name@sha256:...`."""
    layer = _tar(files)
    blobs: dict[str, bytes] = {}
    described_layer = _blob(blobs, LAYER, gzip.compress(layer, mtime=0))
    config = {
        "architecture": "amd64",
        "os": "linux",
        "config": {"Entrypoint": [entrypoint]} if entrypoint else {},
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{_digest(layer)}"]},
    }
    described_config = _blob(blobs, CONFIG, _json(config))
    manifest = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": described_config,
        "layers": [described_layer],
    }
    described = _blob(blobs, MANIFEST, _json(manifest))
    reference = f"{name}@{described['digest']}"
    described["annotations"] = {"io.containerd.image.name": reference}
    index = {"schemaVersion": 2, "manifests": [described]}
    layout = {"oci-layout": b'{"imageLayoutVersion":"1.0.0"}', "index.json": _json(index)}
    return Image(reference, _tar({**layout, **blobs}))


def load(image: Image, folder: Path) -> str:
    """Put an image onto the cluster's node; return its reference."""
    archive = folder / f"{_digest(image.archive)[:12]}.tar"
    archive.write_bytes(image.archive)
    subprocess.run(
        [sys.executable, "-m", "localcluster", "load", str(archive)],
        cwd=ROOT,
        check=True,
        capture_output=True,
        timeout=120,
    )
    return image.reference


def _blob(blobs: dict[str, bytes], media_type: str, content: bytes) -> dict[str, Any]:
    digest = _digest(content)
    blobs[f"blobs/sha256/{digest}"] = content
    return {"mediaType": media_type, "digest": f"sha256:{digest}", "size": len(content)}


def _tar(files: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for path, content in files.items():
            entry = tarfile.TarInfo(path)
            entry.size, entry.mode = len(content), 0o755
            archive.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


def _json(document: Any) -> bytes:
    return json.dumps(document, separators=(",", ":")).encode()


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
