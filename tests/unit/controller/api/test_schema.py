"""The CRD's schema keeps the rules that Kubernetes and Slipway itself set for one."""

import re
from typing import Any

import pytest

from slipway_operator.api.crd import build_schema
from slipway_testing.bad_specs import BAD
from slipway_testing.schema_walk import schema_nodes, schema_rules

Obj = dict[str, Any]

# Kubernetes: a structural schema holds no references, and none of these where types are said.
FORBIDDEN = {
    "$ref", "$defs", "definitions", "title", "default", "examples", "nullable", "const",
    "anyOf", "oneOf", "allOf", "not", "patternProperties", "uniqueItems", "discriminator",
    "exclusiveMinimum", "exclusiveMaximum", "x-slipway-notation",
    "x-kubernetes-preserve-unknown-fields", "x-kubernetes-embedded-resource",
}  # fmt: skip
SCALARS = {"string", "integer", "number", "boolean"}


NODES = dict(schema_nodes(build_schema()))
RULES = schema_rules(build_schema())


@pytest.mark.parametrize("path", NODES)
def test_every_node_is_structural(path: str) -> None:
    node = NODES[path]
    assert not FORBIDDEN & node.keys()
    if node.get("x-kubernetes-int-or-string"):
        assert "type" not in node
    elif node["type"] == "array":
        assert "items" in node
    elif node["type"] == "object" and path != ".metadata":
        assert ("properties" in node) != ("additionalProperties" in node)
    elif path != ".metadata":
        assert node["type"] in SCALARS


@pytest.mark.parametrize("path", [path for path, node in NODES.items() if "properties" in node])
def test_every_required_field_exists(path: str) -> None:
    assert set(NODES[path].get("required", ())) <= NODES[path]["properties"].keys()


@pytest.mark.parametrize("path", [path for path in NODES if path and path[-1] not in "}]"])
def test_every_field_is_explained(path: str) -> None:
    if path != ".metadata":
        assert NODES[path]["description"].endswith(".")


@pytest.mark.parametrize(
    "path", [path for path, node in NODES.items() if "x-kubernetes-list-map-keys" in node]
)
def test_the_keys_of_a_list_are_required_fields_of_its_entries(path: str) -> None:
    node = NODES[path]
    assert node["x-kubernetes-list-type"] == "map"
    assert set(node["x-kubernetes-list-map-keys"]) <= set(node["items"]["required"])


@pytest.mark.parametrize(("path", "rule"), RULES, ids=lambda value: str(value)[:60])
def test_a_rule_speaks_of_fields_that_exist_and_says_what_to_do(path: str, rule: Obj) -> None:
    node = NODES[path]
    assert re.match(r"(must|may) ", rule["message"])
    assert re.search(r"([^.]|\.\.\.)$", rule["message"])
    if "fieldPath" in rule:
        assert rule["fieldPath"].removeprefix(".") in node["properties"]
    for named in re.findall(r"\bself\.([a-zA-Z0-9]+)\b(?!\()", rule["rule"]):
        assert named in node["properties"]


@pytest.mark.parametrize(("path", "rule"), RULES, ids=lambda value: str(value)[:60])
def test_every_rule_is_broken_by_some_spec_of_the_corpus(path: str, rule: Obj) -> None:
    where = re.sub(r"\[\]|\{\}.*", "", path.removeprefix(".") + rule.get("fieldPath", ""))
    assert any(
        bad.words in rule["message"] and re.sub(r"\[\d+\]", "", bad.field).startswith(where)
        for bad in BAD
    )


def test_strings_that_rules_look_at_are_bounded() -> None:
    unbounded = [
        path
        for path, node in NODES.items()
        if "x-kubernetes-validations" in node
        and node.get("type") == "string"
        and "maxLength" not in node
    ]
    assert unbounded == []


def test_lists_that_rules_look_into_are_bounded() -> None:
    unbounded = [
        path
        for path, node in NODES.items()
        if node.get("type") == "array"
        and any(below.startswith(f"{path}[]") for below, _ in RULES)
        and "maxItems" not in node
    ]
    assert unbounded == []
