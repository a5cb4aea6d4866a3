"""YAML files as kubectl reads them, with the line of every field.

PyYAML's own idea of plain words differs from kubectl's (`y`, `1e3`, `2026-11-21`), so the words are
told apart here as Go's YAML library does. What the documents mean is not decided here.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

import yaml

Path = tuple[str | int, ...]

_WORDS: Final = {
    "bool": ("y|Y|yes|Yes|YES|n|N|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF"),
    "null": "~|null|Null|NULL|",
    "int": "[-+]?(0|[1-9][0-9_]*|0o?[0-7]+|0x[0-9a-fA-F]+|0b[01]+)",
    "float": r"[-+]?([.][0-9]+|[0-9]+([.][0-9]*)?)([eE][-+]?[0-9]+)?",
    "merge": "<<",
}


class ManifestError(Exception):
    """A file that cannot be read as YAML; `line` counts from 1."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


@dataclass(frozen=True, slots=True)
class Manifest:
    """One document and the line of each of its fields."""

    content: Any
    lines: Mapping[Path, int]

    def line_of(self, path: Path) -> int:
        """Return the line of a field, or of the nearest one above it that is written."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)

    def members(self) -> "Iterator[Manifest]":
        """Yield the objects that it holds: those of a List, else itself."""
        items = self.content.get("items") if isinstance(self.content, dict) else None
        if not isinstance(items, list) or self.content.get("kind") != "List":
            yield self
            return
        for index, item in enumerate(items):
            top = ("items", index)
            lines = {at[2:]: line for at, line in self.lines.items() if at[:2] == top}
            yield from Manifest(item, lines).members()


class _Loader(yaml.SafeLoader):
    """A loader that tells plain words apart as kubectl does."""

    def construct_yaml_float(self, node: yaml.ScalarNode) -> float:
        """Read 2.0 as 2, because that is what it becomes in JSON."""
        number = super().construct_yaml_float(node)
        return int(number) if number.is_integer() else number


_Loader.bool_values = {**yaml.SafeLoader.bool_values, "y": True, "n": False}
_Loader.yaml_implicit_resolvers = {}
_Loader.add_constructor("tag:yaml.org,2002:float", _Loader.construct_yaml_float)
for _tag, _pattern in _WORDS.items():
    _Loader.add_implicit_resolver(
        f"tag:yaml.org,2002:{_tag}", re.compile(f"^(?:{_pattern})$"), None
    )


def read_manifests(text: str) -> Iterator[Manifest]:
    """Yield each document of a file; ManifestError where it is no YAML."""
    try:
        yield from _documents(_Loader(text))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise ManifestError(mark.line + 1 if mark else 1, error.problem or str(error)) from error
    except RecursionError as error:
        raise ManifestError(1, "is nested too deeply, or refers to itself") from error
    except yaml.YAMLError as error:
        raise ManifestError(1, str(error)) from error


def _documents(loader: _Loader) -> Iterator[Manifest]:
    while loader.check_node():
        node = cast(yaml.Node, loader.get_node())
        lines = dict(_lines(node, ()))
        if content := loader.construct_document(node):
            yield Manifest(content, lines)


def _lines(node: yaml.Node, path: Path) -> Iterator[tuple[Path, int]]:
    yield path, node.start_mark.line + 1
    if isinstance(node, yaml.SequenceNode):
        for index, entry in enumerate(node.value):
            yield from _lines(entry, (*path, index))
    elif isinstance(node, yaml.MappingNode):
        yield from _fields(node, path)


def _fields(node: yaml.MappingNode, path: Path) -> Iterator[tuple[Path, int]]:
    seen = set()
    for key, value in node.value:
        line = key.start_mark.line + 1
        if key.value in seen:
            raise ManifestError(line, f"{key.value!r} is written twice in the same place")
        seen.add(key.value)
        yield from _lines(value, (*path, key.value))
        yield (*path, key.value), line
