"""Decide whether a file is an ONNX model that this runtime can load, and what it refers to.

Never loads the model. The supported versions are the installed onnxruntime's; a test holds
them against it.
"""

import mmap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from slipway_runtime.errors import ModelError, Reason
from slipway_runtime.onnx_file.likeness import likeness
from slipway_runtime.onnx_file.wire import (
    BYTES,
    VARINT,
    Buffer,
    Field,
    MalformedError,
    TruncatedError,
    fields,
)

NEWEST_IR: Final = 13
NEWEST_OPSETS: Final = {"": 26, "ai.onnx": 26, "ai.onnx.ml": 5}

_DEEPEST: Final = 100
_MOST_PARTS: Final = 20_000_000

# Every way from a model to a tensor, by message and field number of onnx.proto.
_CHILDREN: Final[Mapping[str, Mapping[int, str]]] = {
    "model": {7: "graph", 8: "opset", 20: "training", 25: "function"},
    "training": {1: "graph", 2: "graph"},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "function": {7: "node", 11: "attribute"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse"},
    "sparse": {1: "tensor", 2: "tensor"},
    "tensor": {13: "external"},
}


@dataclass(slots=True)
class Contents:
    """What a model file says about itself."""

    ir_version: int = 0
    opsets: dict[str, int] = field(default_factory=dict)
    has_graph: bool = False
    external: set[str] = field(default_factory=set)


def inspect(path: Path) -> Contents:
    """Read the file; raise `FormatRejected` in words that say what to do."""
    with path.open("rb") as file:
        start = file.read(512)
        if not start:
            raise _rejected("the file is empty")
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as buffer:
            return _inspect(buffer, start)


def _inspect(buffer: mmap.mmap, start: bytes) -> Contents:
    looks_like = likeness(start)
    if looks_like:
        raise _rejected(f"the file is no ONNX model: {looks_like}")
    try:
        contents = read(buffer)
    except TruncatedError:
        raise _rejected(
            f"the file is a truncated or damaged ONNX model: it ends, after {len(buffer)} bytes, "
            "before its contents do"
        ) from None
    except MalformedError:
        raise _rejected("the file is no ONNX model, or it is damaged") from None
    if not (contents.has_graph and contents.ir_version and contents.opsets):
        raise _rejected("the file is no ONNX model: it has no graph, IR version or opset")
    _expect_known_versions(contents)
    return contents


def _rejected(words: str) -> ModelError:
    return ModelError(Reason.FORMAT_REJECTED, words)


def _expect_known_versions(contents: Contents) -> None:
    for domain, version in contents.opsets.items():
        newest = NEWEST_OPSETS.get(domain, version)
        if version > newest:
            label = f"{domain} opset" if domain else "ONNX opset"
            raise _rejected(
                f"the model uses {label} {version}, this runtime knows up to {newest}; "
                f"export it with target_opset={newest} or lower"
            )
    if contents.ir_version > NEWEST_IR:
        raise _rejected(
            f"the model has ONNX IR version {contents.ir_version}, this runtime knows up to "
            f"{NEWEST_IR}; export it with an older onnx package, or set model.ir_version"
        )


def read(buffer: Buffer) -> Contents:
    """Walk the whole model; raise `MalformedError` where it is none."""
    contents = Contents()
    parts = 0
    pending = [("model", 0, len(buffer), 0)]
    while pending:
        kind, start, end, depth = pending.pop()
        for part in fields(buffer, start, end):
            parts += 1
            child = _CHILDREN[kind].get(part.number)
            if kind == "model":
                _note(buffer, part, contents)
            if child is None or child == "opset":
                continue
            if part.kind != BYTES or depth > _DEEPEST or parts > _MOST_PARTS:
                raise MalformedError
            if child == "external":
                contents.external.update(_location(buffer, part))
            else:
                pending.append((child, part.start, part.end, depth + 1))
    return contents


def _note(buffer: Buffer, part: Field, contents: Contents) -> None:
    match part.number, part.kind:
        case 1, 0:
            contents.ir_version = part.value
        case 7, 2:
            contents.has_graph = part.end > part.start
        case 8, 2:
            domain, version = _opset(buffer, part)
            contents.opsets[domain] = version


def _opset(buffer: Buffer, part: Field) -> tuple[str, int]:
    domain, version = "", 0
    for inner in fields(buffer, part.start, part.end):
        if inner.number == 1 and inner.kind == BYTES:
            domain = _text(buffer, inner)
        elif inner.number == 2 and inner.kind == VARINT:
            version = inner.value
    return domain, version


def _location(buffer: Buffer, part: Field) -> Iterator[str]:
    key, value = "", ""
    for inner in fields(buffer, part.start, part.end):
        if inner.number == 1 and inner.kind == BYTES:
            key = _text(buffer, inner)
        elif inner.number == 2 and inner.kind == BYTES:
            value = _text(buffer, inner)
    if key == "location":
        yield value


def _text(buffer: Buffer, part: Field) -> str:
    return bytes(buffer[part.start : part.end]).decode(errors="surrogateescape")
