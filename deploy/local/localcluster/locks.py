"""Being alone with something that other commands, also of other checkouts, would change too.

Must not know what is guarded.
"""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from localcluster.progress import say


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Hold a lock; the kernel releases it when we end, however we end."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("Waiting for another command of localcluster to finish")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield
