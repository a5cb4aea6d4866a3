"""Mounts below the instance's folders: finding them and taking them away.

Must not touch a mount outside the folders it is given.
"""

import re
from pathlib import Path

from localcluster.commands import Failure, run, succeeds

MOUNTINFO = Path("/proc/self/mountinfo")


def below(folders: tuple[Path, ...], mountinfo: str) -> list[str]:
    """The mount points in or below these folders, the latest first."""
    points = [_unescaped(line.split()[4]) for line in mountinfo.splitlines()]
    return [point for point in reversed(points) if any(_inside(point, f) for f in folders)]


def remove(folders: tuple[Path, ...]) -> None:
    """Unmount all that is mounted below these folders."""
    if points := below(folders, MOUNTINFO.read_text()):
        # Nobody is left who uses them, but the kernel may still be closing the last files.
        succeeds(["umount", "--lazy", "--", *points])
    if left := below(folders, MOUNTINFO.read_text()):
        raise Failure(f"could not unmount {', '.join(left[:3])} ({len(left)} in all)")


def delete_tree(folder: Path) -> None:
    """Delete a folder, never across a mount."""
    remove((folder,))
    run(["rm", "-rf", "--one-file-system", "--", folder])


def _inside(point: str, folder: Path) -> bool:
    return point == str(folder) or point.startswith(f"{folder}/")


def _unescaped(field: str) -> str:
    """The kernel writes a blank in a path as \\040."""
    return re.sub(r"\\([0-7]{3})", lambda found: chr(int(found.group(1), 8)), field)
