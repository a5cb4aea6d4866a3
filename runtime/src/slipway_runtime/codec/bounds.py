"""What one request may hold at most, whichever way it is written.

Bounds on bytes are not here: they hold before anything is decoded.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from slipway_runtime.errors import RefusedError, bad_request
from slipway_runtime.signature import Tensor

_CONTAINERS: Final = frozenset({list, dict})


@dataclass(frozen=True, slots=True)
class Bounds:
    """The bounds of one process."""

    nesting: int = 100
    """Levels of lists and objects in each other."""

    elements: int = 32 * 1024 * 1024
    """Values in all inputs together."""

    def check_nesting(self, document: Any) -> None:
        """Refuse what is nested too deep."""
        level = [[document]]
        for _ in range(self.nesting + 1):
            level = [inner for outer in level for inner in _containers(outer)]
            if not level:
                return
        raise bad_request(f"lists or objects are nested too deep: {self.nesting} levels are taken")

    def check_elements(self, feed: Mapping[str, Tensor]) -> None:
        """Refuse more values than are taken."""
        count = sum([array.size for array in feed.values()])
        if count > self.elements:
            raise RefusedError(
                413,
                f"the request holds {count} values, {self.elements} are allowed; "
                "send fewer rows at a time",
            )


DEFAULT: Final = Bounds()


def _containers(outer: Any) -> list[Any]:
    values = outer.values() if type(outer) is dict else outer
    if _CONTAINERS.isdisjoint(map(type, values)):
        return []
    return [value for value in values if type(value) in _CONTAINERS]
