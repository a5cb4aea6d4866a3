"""An image of one static program and nothing else, written as an archive without any image tool.

Must not run or load anything.
"""

import hashlib
import io
import json
import platform
import tarfile
from pathlib import Path

ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}


def write(archive: Path, tag: str, program: Path) -> None:
    """Write an image that runs a program as an unprivileged user."""
    layer = _tar({f"{program.name}": program.read_bytes()}, mode=0o755)
    config = json.dumps(_config(program.name, hashlib.sha256(layer).hexdigest())).encode()
    manifest = [{"Config": "config.json", "RepoTags": [tag], "Layers": ["layer.tar"]}]
    files = {
        "config.json": config,
        "layer.tar": layer,
        "manifest.json": json.dumps(manifest).encode(),
    }
    archive.write_bytes(_tar(files, mode=0o644))


def architecture() -> str:
    """This machine's architecture in the words of images."""
    machine = platform.machine()
    return ARCHITECTURES.get(machine, machine)


def _config(program: str, layer_digest: str) -> dict[str, object]:
    return {
        "architecture": architecture(),
        "os": "linux",
        "config": {"Entrypoint": [f"/{program}"], "User": "65532:65532"},
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{layer_digest}"]},
    }


def _tar(files: dict[str, bytes], mode: int) -> bytes:
    """Equal content gives equal bytes: no time, no owner."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as tar:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            entry.mode = mode
            tar.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()
