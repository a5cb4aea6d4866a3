"""Let an allocation that the container cannot hold fail, where the kernel would kill the process.

A killed process takes every request with it and says nothing; a failed allocation is one error
with words. Only single large allocations are caught: that is what models and batches make.
"""

import re
import resource
from pathlib import Path
from typing import Final

from slipway_runtime.cgroup import Limits

_STATUS: Final = Path("/proc/self/status")
_MIB: Final = 1024 * 1024
_STACK: Final = 8 * _MIB
_SLACK: Final = 64 * _MIB
"""What is reserved and not used must not count against the limit."""

_FIELDS: Final = re.compile(r"^(VmData|RssAnon):\s+(\d+) kB$", re.MULTILINE)


def bound(limits: Limits) -> None:
    """Bound the memory that this process may ask for by what its container may use."""
    if limits.memory is None:
        return
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    unused = _unused(_STATUS.read_text()) + limits.threads * _STACK + _SLACK
    soft = limits.memory + unused
    if hard == resource.RLIM_INFINITY or soft <= hard:
        resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))


def _unused(status: str) -> int:
    """Count what is reserved and not used so far, in bytes."""
    sizes = {name: int(kibibytes) * 1024 for name, kibibytes in _FIELDS.findall(status)}
    return max(0, sizes.get("VmData", 0) - sizes.get("RssAnon", 0))
