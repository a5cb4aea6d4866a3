"""Names of children and values of labels: deterministic, legal, and different where identities are.

Every child's name goes through `child_name`. Whether a name is taken is not asked here.
"""

import hashlib
import re
from typing import Final

MAX_LENGTH: Final = 63
_DNS_LABEL: Final = re.compile(r"[a-z]([a-z0-9-]*[a-z0-9])?")


def child_name(name: str, suffix: str = "") -> str:
    """Return the name of a child: a DNS label of at most 63 characters.

    A name that must be cut or changed ends in a hash of the whole identity, so that two long names
    with the same beginning do not meet.

    >>> child_name("iris", "0a1b2c3d")
    'iris-0a1b2c3d'
    >>> child_name("v1.iris")
    'v1-iris-a435258d'
    """
    plain = f"{name}-{suffix}" if suffix else name
    if len(plain) <= MAX_LENGTH and _DNS_LABEL.fullmatch(plain):
        return plain
    head = re.sub(r"[^a-z0-9-]", "-", name)
    head = head if head[0].isalpha() else f"m-{head}"
    tail = "".join(f"-{part}" for part in (suffix, _digest(f"{name}/{suffix}")) if part)
    return head[: MAX_LENGTH - len(tail)].rstrip("-") + tail


def label_value(name: str) -> str:
    """Return a resource's name as a legal value of a label, with a hash where it had to be cut."""
    if len(name) <= MAX_LENGTH:
        return name
    digest = _digest(name)
    return f"{name[: MAX_LENGTH - len(digest) - 1].rstrip('-.')}-{digest}"


def _digest(identity: str) -> str:
    return hashlib.sha256(identity.encode()).hexdigest()[:8]
