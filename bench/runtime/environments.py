"""The peers' environments: each its own, made once from a pinned and hashed list, then kept.

A list that changes gets a new folder, and its old one goes. Never touches Slipway's environment.
"""

import hashlib
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parents[2]
PEERS = Path(__file__).parent / "peers"
CACHE = ROOT / ".local" / "bench"
_DIGITS = 12


class InstallError(Exception):
    """A peer that cannot be installed here; the message is what the installer says."""


def python_of(name: str | None, tell: Callable[[str], None]) -> Path:
    """Give the Python of a peer's environment, made first if need be; None is Slipway's own."""
    if name is None:
        return Path(sys.executable)
    folder = _folder(name)
    python = folder / "bin" / "python"
    complete = folder / "complete"
    if not complete.exists():
        tell(f"installing {name} (once)")
        _remove_others(name)
        _install(folder, python, PEERS / name / "requirements.txt")
        complete.touch()
    return python


def versions(python: Path, packages: tuple[str, ...]) -> str:
    """Say which versions an environment has of what matters."""
    code = (
        "import sys; from importlib.metadata import version as v;"
        "print(', '.join(f'{name} {v(name)}' for name in sys.argv[1:]))"
    )
    return _output([str(python), "-c", code, *packages]).strip()


def _folder(name: str) -> Path:
    made_of = sys.version.encode() + (PEERS / name / "requirements.txt").read_bytes()
    return CACHE / f"{name}-{hashlib.sha256(made_of).hexdigest()[:_DIGITS]}"


def _remove_others(name: str) -> None:
    for old in CACHE.glob(f"{name}-{'?' * _DIGITS}"):
        shutil.rmtree(old)


def _install(folder: Path, python: Path, requirements: Path) -> None:
    uv = str(Path(sys.executable).parent / "uv")
    into = ["--python", str(python), "--requirements", str(requirements)]
    _output([uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(folder)])
    _output([uv, "pip", "install", "--quiet", "--require-hashes", *into])


def _output(command: list[str]) -> str:
    try:
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout
    except subprocess.CalledProcessError as error:
        words = " ".join(error.stderr.split())
        raise InstallError(words or f"exit status {error.returncode}") from None
