"""Walk through a whole model and note what it is made of. Judges nothing but its form.

Without recursion and in bounded memory: the file may be anybody's.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from slipway_runtime.onnx_file.operators import Operator, Operators, operator
from slipway_runtime.onnx_file.tensors import expect_sensible_sparse, extent, read_dense
from slipway_runtime.onnx_file.wire import (
    BYTES,
    VARINT,
    AbsurdError,
    Buffer,
    Field,
    MalformedError,
    fields,
    text,
)

_DEEPEST: Final = 100
_MOST_PARTS: Final = 20_000_000
_MOST_PENDING: Final = 2_000_000
_MOST_KINDS: Final = 10_000
_LONGEST_NAME: Final = 256

# Every way from a model to a tensor, by message and field number of onnx.proto.
_CHILDREN: Final[dict[str, dict[int, str]]] = {
    "model": {7: "graph", 20: "training", 25: "function"},
    "training": {1: "graph", 2: "graph"},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "function": {7: "node", 11: "attribute"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse"},
    "sparse": {1: "tensor", 2: "tensor"},
}
_NAMES: Final = {"node": (7, 4), "function": (10, 1)}
"""Fields with the domain and the type of an operator."""

_NAMELESS: Final = ("", "")


@dataclass(slots=True)
class Contents:
    """What a model file says about itself."""

    ir_version: int = 0
    opsets: dict[str, int] = field(default_factory=dict)
    producer: str = ""
    has_graph: bool = False
    external: dict[str, int] = field(default_factory=dict)
    """Other files with weights, and how many bytes of each the model needs."""
    operators: Operators = field(default_factory=Operators)


class _Part(NamedTuple):
    """A message that is still to be walked through."""

    kind: str
    start: int
    end: int
    depth: int
    used: Counter[Operator]
    """Where its nodes are counted: the model's own, or a function's."""


def read(buffer: Buffer) -> Contents:
    """Walk through the model; raise `MalformedError` where it is none."""
    walk = _Walk(buffer)
    walk.run()
    return walk.contents


class _Walk:
    """One walk: what was found so far, and what is still to be walked through."""

    def __init__(self, buffer: Buffer) -> None:
        self.contents = Contents()
        main = self.contents.operators.main
        self._buffer = buffer
        self._pending = [_Part("model", 0, len(buffer), 0, main)]
        self._seen = 0

    def run(self) -> None:
        while self._pending:
            part = self._pending.pop()
            match part.kind:
                case "tensor":
                    self._tensor(part)
                case "sparse":
                    expect_sensible_sparse(self._buffer, part.start, part.end)
                    self._within(part)
                case "function":
                    used = Counter[Operator]()
                    self._define(self._within(part._replace(used=used)), used)
                case "node":
                    self._count(self._within(part), part.used)
                case _:
                    self._within(part)

    def _within(self, part: _Part) -> Operator:
        """Put the parts of a part with those still to be walked through; tell what it is called."""
        children, depth = _CHILDREN[part.kind], part.depth + 1
        names = dict.fromkeys(_NAMES.get(part.kind, ()), "")
        for found in self._fields(part):
            if child := children.get(found.number):
                if found.kind != BYTES:
                    raise MalformedError
                self._pending.append(_Part(child, found.start, found.end, depth, part.used))
            elif found.number in names and found.kind == BYTES:
                names[found.number] = text(self._buffer, found, _LONGEST_NAME)
            if part.kind == "model":
                self._note(found)
        if depth > _DEEPEST and children:
            raise AbsurdError("its graphs lie in each other too deep")
        return operator(*names.values()) if names else _NAMELESS

    def _fields(self, part: _Part) -> Iterator[Field]:
        for found in fields(self._buffer, part.start, part.end):
            self._seen += 1
            if self._seen > _MOST_PARTS or len(self._pending) > _MOST_PENDING:
                raise AbsurdError("it has more parts than any model should")
            yield found

    def _note(self, part: Field) -> None:
        match part.number, part.kind:
            case 1, 0:
                self.contents.ir_version = part.value
            case 2 | 3, 2:
                words = (self.contents.producer, text(self._buffer, part, 100))
                self.contents.producer = " ".join(filter(None, words))
            case 7, 2:
                self.contents.has_graph = part.end > part.start
            case 8, 2:
                domain, version = self._opset(part)
                self.contents.opsets[domain] = version

    def _opset(self, part: Field) -> tuple[str, int]:
        domain, version = "", 0
        for inner in fields(self._buffer, part.start, part.end):
            if inner.number == 1 and inner.kind == BYTES:
                domain = text(self._buffer, inner)
            elif inner.number == 2 and inner.kind == VARINT:
                version = inner.value
        return domain, version

    def _count(self, called: Operator, used: Counter[Operator]) -> None:
        used[called] += 1
        if len(used) > _MOST_KINDS:
            raise AbsurdError(f"it has more than {_MOST_KINDS} kinds of operators")

    def _define(self, name: Operator, used: Counter[Operator]) -> None:
        functions = self.contents.operators.functions
        functions[name] = used
        if len(functions) > _MOST_KINDS:
            raise AbsurdError(f"it has more than {_MOST_KINDS} functions")

    def _tensor(self, part: _Part) -> None:
        tensor = read_dense(self._buffer, part.start, part.end)
        if tensor.external:
            location, end = extent(tensor)
            external = self.contents.external
            external[location] = max(end, external.get(location, 0))
