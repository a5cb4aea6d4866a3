"""YAML is read as kubectl reads it, and every field knows its line."""

from typing import Any

import pytest

from slipway_operator.cli.manifests import ManifestError, read_manifests

WORDS = {
    "y": True,
    "off": False,
    "TRUE": True,
    "~": None,
    "1e3": 1000,
    "2.0": 2,
    "1.10": 1.1,
    ".5": 0.5,
    "-7": -7,
    "010": 8,
    "0o17": 15,
    "0x1F": 31,
    "1_000": 1000,
    "2026-11-21": "2026-11-21",
    "1:30": "1:30",
    '"1"': "1",
    "500m": "500m",
    "1.2.0": "1.2.0",
}


@pytest.mark.parametrize(("word", "value"), WORDS.items())
def test_a_plain_word_means_what_kubectl_takes_it_for(word: str, value: Any) -> None:
    (manifest,) = read_manifests(f"a: {word}")
    assert manifest.content == {"a": value}
    assert type(manifest.content["a"]) is type(value)


def test_every_document_is_read_and_empty_ones_are_passed_over() -> None:
    text = "a: 1\n---\n---\n# nothing\n---\nb: 2\n"
    assert [manifest.content for manifest in read_manifests(text)] == [{"a": 1}, {"b": 2}]


def test_a_field_knows_its_line() -> None:
    first, second = read_manifests("a:\n  - b: 1\n    c:\n      d: 2\n---\ne: 3\n")
    assert first.line_of(("a", 0, "c")) == 3
    assert first.line_of(("a", 0, "c", "d")) == 4
    assert second.line_of(("e",)) == 6


def test_a_missing_field_has_the_line_of_what_lacks_it() -> None:
    (manifest,) = read_manifests("a: 1\nb:\n  c: 1\n")
    assert manifest.line_of(("b", "x", "y")) == 2
    assert manifest.line_of(("x",)) == 1


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("a: 1\nb: [1, 2\nc: 3\n", 3, "expected ',' or ']'"),
        ("a: 1\n\tb: 2\n", 2, "cannot start any token"),
        ("a: 1\nb: 2\na: 3\n", 3, "'a' is written twice"),
        ("a: *nobody\n", 1, "undefined alias"),
        ("a: !!python/object:os.system {}\n", 1, "could not determine a constructor"),
        ("a: &a [*a]\n", 1, "refers to itself"),
        ("a: \x00\n", 1, "not allowed"),
    ],
)
def test_what_is_no_yaml_is_refused_at_its_line(text: str, line: int, words: str) -> None:
    with pytest.raises(ManifestError, match=words) as refused:
        list(read_manifests(text))
    assert refused.value.line == line
