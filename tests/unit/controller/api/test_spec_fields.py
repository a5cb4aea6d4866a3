"""The pairs of specs made from the schema cover the whole of it and are what they claim."""

from collections import Counter
from typing import Any

import pytest
import yaml

from slipway_operator.api.generate import CRD_FILE
from slipway_operator.api.v1alpha1 import ModelDeploymentSpec
from slipway_testing.cluster import ROOT
from slipway_testing.schema_walk import schema_nodes
from slipway_testing.spec_fields import ADDRESSES, FieldCase, spec_field_cases

Obj = dict[str, Any]
CASES = spec_field_cases()
# A format is all there is, so that naming it is the only thing a user can do with it.
ONLY_DEFAULT = {"model.format"}


def leaves(schema: Obj) -> set[str]:
    """Every leaf of a schema: what holds no fields, be it a list or a map of plain values."""
    paths = [path for path, _ in schema_nodes(schema)]
    fields = [path for path in paths if not path.endswith("{}")]
    plain = {path.removesuffix("[]") for path in fields}
    return {
        path.removeprefix(".")
        for path in plain
        if path and not any(other.startswith((f"{path}.", f"{path}[].")) for other in paths)
    }


def values_at(spec: Any, path: str) -> list[Any]:
    """What a spec, as read by the models or as written, holds at a path."""
    found = [spec]
    for name in path.replace("[]", ".[]").split("."):
        if name == "[]":
            found = [entry for one in found for entry in one]
        else:
            found = [one[name] for one in found if one and one.get(name) is not None]
    return found


def test_every_leaf_of_the_schema_has_a_case() -> None:
    crd = yaml.safe_load((ROOT / CRD_FILE).read_text())
    schema = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    counted = Counter(case.path for case in CASES)
    assert set(counted) == leaves(schema["properties"]["spec"])
    assert counted.pop("model.uri") == len(ADDRESSES)
    assert set(counted.values()) == {1}


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_case_sets_its_field_to_something_else_than_before(case: FieldCase) -> None:
    assert values_at(case.having, case.path)
    assert values_at(case.having, case.path) != values_at(case.without, case.path)


@pytest.mark.parametrize("case", [c for c in CASES if c.path not in ONLY_DEFAULT], ids=str)
def test_a_case_sets_its_field_to_something_else_than_the_default(case: FieldCase) -> None:
    before = ModelDeploymentSpec.model_validate(case.without).model_dump(mode="json", by_alias=True)
    after = ModelDeploymentSpec.model_validate(case.having).model_dump(mode="json", by_alias=True)
    assert values_at(after, case.path) != values_at(before, case.path)


def test_a_case_can_start_from_any_spec() -> None:
    base = {
        "model": {"uri": "https://a.example.com/b.onnx", "sha256": "1" * 64, "version": "7"},
        "runtime": {"resources": {"requests": {"cpu": "50m", "memory": "64Mi"}}},
    }
    for case in spec_field_cases(base):
        assert case.without == base
        kept = {"model.version", "model.uri", "runtime.resources.requests"} - {case.path}
        assert all(values_at(case.having, path) == values_at(base, path) for path in kept)
