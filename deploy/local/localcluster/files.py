"""Writing small files so that a reader, or a crash, never meets half of one.

Must not know what is in them.
"""

import os
from pathlib import Path


def write(path: Path, text: str) -> None:
    """Write a file for its owner alone, at once or not at all, and not when it is there already."""
    if path.is_file() and path.read_text() == text:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.write_text(text)
    draft.chmod(0o600)
    draft.replace(path)


def link(path: Path, target: Path) -> None:
    """Make or renew a symbolic link."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    draft.symlink_to(target)
    draft.replace(path)
