"""The CRD's names, columns and subresources fit each other and the schema."""

import re
from typing import Any

import pytest

from slipway_operator.api.crd import build_crd
from slipway_operator.api.status import ConditionType

Obj = dict[str, Any]

SPEC = build_crd()["spec"]
VERSION = SPEC["versions"][0]
SCHEMA = VERSION["schema"]["openAPIV3Schema"]
COLUMNS = VERSION["additionalPrinterColumns"]
SCALE = VERSION["subresources"]["scale"]
CONDITION = re.compile(r'\[\?\(@\.type=="(\w+)"\)\]')


def field_at(path: str) -> Obj:
    """The schema at a JSONPath such as `.status.conditions[?(@.type=="Ready")].status`."""
    node = SCHEMA
    for name in CONDITION.sub("", path).removeprefix(".").split("."):
        node = node["properties"][name]
        node = node.get("items", node)
    return dict(node)


def test_the_names_are_those_users_type() -> None:
    assert SPEC["names"] == {
        "kind": "ModelDeployment",
        "listKind": "ModelDeploymentList",
        "plural": "modeldeployments",
        "singular": "modeldeployment",
        "shortNames": ["mdeploy"],
        "categories": ["slipway"],
    }
    assert (SPEC["group"], VERSION["name"], SPEC["scope"]) == (
        "serving.slipway.dev",
        "v1alpha1",
        "Namespaced",
    )


def test_the_usual_columns_come_first_and_the_wide_ones_last() -> None:
    names = [column["name"] for column in COLUMNS if not column["priority"]]
    assert names == ["Ready", "Phase", "Stable", "Candidate", "Replicas", "Age"]
    assert [column["priority"] for column in COLUMNS] == sorted(
        column["priority"] for column in COLUMNS
    )


@pytest.mark.parametrize(
    "column", [c for c in COLUMNS if c["name"] != "Age"], ids=lambda column: str(column["name"])
)
def test_a_column_shows_a_field_that_exists(column: Obj) -> None:
    assert field_at(column["jsonPath"])["type"] == column["type"]
    for condition in CONDITION.findall(column["jsonPath"]):
        assert condition in list(ConditionType)


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("specReplicasPath", "integer"),
        ("statusReplicasPath", "integer"),
        ("labelSelectorPath", "string"),
    ],
)
def test_the_scale_subresource_reads_fields_that_exist(path: str, kind: str) -> None:
    assert field_at(SCALE[path])["type"] == kind


@pytest.mark.parametrize("selectable", VERSION["selectableFields"], ids=str)
def test_a_selectable_field_exists(selectable: Obj) -> None:
    assert field_at(selectable["jsonPath"])["type"] == "string"


def test_the_status_is_a_subresource_so_that_users_cannot_write_it() -> None:
    assert VERSION["subresources"]["status"] == {}
