"""Which operators a model uses, and what its own functions amount to.

A domain that onnxruntime does not know needs a library of somebody's code, which is never loaded
from beside a model. Functions that call functions can stand for more nodes than there are atoms.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from typing import Final

Operator = tuple[str, str]
"""Domain and type; the empty domain is ONNX's own."""

KNOWN_DOMAINS: Final = frozenset(
    {"", "ai.onnx.ml", "com.microsoft", "com.microsoft.nchwc", "com.ms.internal.nhwc"}
)
"""Those of the installed onnxruntime; a test holds them against it."""

_COMPILED: Final = ("com.microsoft", "EPContext")
_MOST_NODES: Final = 1_000_000
_SHOWN: Final = 3


@dataclass(slots=True)
class Operators:
    """How often each operator occurs: in the model's graphs, and in each function of its own."""

    main: Counter[Operator] = field(default_factory=Counter)
    functions: dict[Operator, Counter[Operator]] = field(default_factory=dict)

    @property
    def used(self) -> Counter[Operator]:
        """All that are no functions of the model's own."""
        everything = sum(self.functions.values(), self.main)
        return Counter({key: n for key, n in everything.items() if key not in self.functions})


def operator(domain: str, kind: str) -> Operator:
    """Name an operator in the one way there is here."""
    return ("" if domain == "ai.onnx" else domain, kind)


def objection(operators: Operators) -> str | None:
    """Say what keeps this runtime from running a model with these operators."""
    return _unknown(operators.used) or _endless(operators)


def _unknown(used: Mapping[Operator, int]) -> str | None:
    if _COMPILED in used:
        return (
            "it holds code compiled for one device (EPContext); use the model that it was "
            "compiled from"
        )
    foreign = sorted(key for key in used if key[0] not in KNOWN_DOMAINS)
    if not foreign:
        return None
    domain = foreign[0][0]
    kinds = [kind for owner, kind in foreign if owner == domain]
    shown = ", ".join(kinds[:_SHOWN]) + (", ..." if len(kinds) > _SHOWN else "")
    return (
        f"it uses operators of '{domain}' ({shown}), which onnxruntime does not know, and no "
        "library of operators is ever loaded; export it with standard operators"
    )


def _endless(operators: Operators) -> str | None:
    try:
        nodes = expanded(operators)
    except CycleError as error:
        names = " -> ".join(kind for _, kind in error.args[1][:5])
        return f"its functions call each other without end ({names})"
    if nodes > _MOST_NODES:
        return f"its functions stand for {nodes:.3g} nodes, and {_MOST_NODES} are taken"
    return None


def expanded(operators: Operators) -> int:
    """Count the nodes once every function is written out; zero without functions."""
    functions = operators.functions
    if not functions:
        return 0
    calls = {name: functions.keys() & used.keys() for name, used in functions.items()}
    sizes: dict[Operator, int] = {}
    for name in TopologicalSorter(calls).static_order():
        sizes[name] = _size(functions[name], sizes)
    return _size(operators.main, sizes)


def _size(used: Mapping[Operator, int], sizes: Mapping[Operator, int]) -> int:
    return sum(times * sizes.get(name, 1) for name, times in used.items())
