"""The kernel settings of the whole machine that kubelet changes: kept aside, and put back.

Must not touch settings of a network namespace: those go with it.
"""

import json
from pathlib import Path

# What kubelet sets when it starts (its protectKernelDefaults=false).
NAMES = (
    "vm/overcommit_memory",
    "vm/panic_on_oom",
    "kernel/panic",
    "kernel/panic_on_oops",
    "kernel/keys/root_maxkeys",
    "kernel/keys/root_maxbytes",
)
PROC = Path("/proc/sys")


def remember(file: Path, proc: Path = PROC) -> None:
    """Write the settings down, once: before the first kubelet of this machine starts."""
    if not file.exists():
        present = [name for name in NAMES if (proc / name).exists()]
        values = {name: (proc / name).read_text().strip() for name in present}
        file.write_text(json.dumps(values))


def restore(file: Path, proc: Path = PROC) -> None:
    """Put back what was written down."""
    if file.exists():
        for name, value in json.loads(file.read_text()).items():
            (proc / name).write_text(value)
        file.unlink()
