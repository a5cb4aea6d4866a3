"""What the API server accepts passes, what it refuses is found, with the same words."""

from typing import Any

import pytest
import yaml

from slipway_operator.api import API_VERSION, KIND
from slipway_operator.api.crd import build_schema
from slipway_operator.cli.lint import Finding, lint_text
from slipway_testing.bad_specs import BAD
from slipway_testing.schema_walk import schema_rules
from slipway_testing.spec_fields import MINIMAL, FieldCase, spec_field_cases
from slipway_testing.specs import GOOD, UNKNOWN_FIELDS, Bad, Good, vary

Obj = dict[str, Any]


MESSAGES = {rule["message"] for _, rule in schema_rules(build_schema())}


def manifest(spec: Obj, **changes: Any) -> str:
    metadata = {"name": "iris", "labels": {"any": "label"}}
    whole = {"apiVersion": API_VERSION, "kind": KIND, "metadata": metadata, "spec": spec}
    return yaml.safe_dump(whole | changes)


def findings(text: str) -> list[Finding]:
    return lint_text(text).findings


@pytest.mark.parametrize("good", GOOD, ids=lambda good: good.name)
def test_nothing_is_found_in_a_good_spec(good: Good) -> None:
    assert findings(manifest(good.spec)) == []


@pytest.mark.parametrize("case", spec_field_cases(), ids=str)
def test_nothing_is_found_where_a_field_is_set(case: FieldCase) -> None:
    assert findings(manifest(case.having)) == []


@pytest.mark.parametrize("bad", BAD, ids=lambda bad: bad.name)
def test_a_bad_spec_is_found_at_its_field(bad: Bad) -> None:
    found = findings(manifest(bad.spec))
    near = [one for one in found if bad.field.startswith(one.field)]
    near += [one for one in found if one.field.startswith(bad.field)]
    assert near, found
    if any(bad.words in message for message in MESSAGES):
        assert any(bad.words in one.message for one in near)


@pytest.mark.parametrize("field", UNKNOWN_FIELDS)
def test_an_unknown_field_is_found(field: str) -> None:
    (found,) = findings(manifest(UNKNOWN_FIELDS[field]))
    assert found.field == field
    assert found.message.startswith("is unknown; ")


def test_a_mistyped_field_is_told_what_it_may_have_meant() -> None:
    (found,) = findings(manifest(vary(replicsa=2)))
    assert found.message == "is unknown; did you mean replicas?"


def test_a_finding_has_the_line_of_its_field() -> None:
    text = manifest(vary(paused="perhaps"))
    (found,) = findings(f"a: 1\n---\n{text}")
    assert "paused: perhaps" in f"a: 1\n---\n{text}".splitlines()[found.line - 1]


def test_findings_are_given_from_top_to_bottom() -> None:
    bad = vary(model__sha256="x", replicas=-1, service={"port": 0}, runtime__image="a b")
    lines = [found.line for found in findings(manifest(bad))]
    assert len(lines) == 4
    assert lines == sorted(lines)


def test_a_wrong_type_does_not_hide_what_else_is_wrong() -> None:
    found = findings(manifest(vary(replicas="two", model__sha256="x")))
    assert [one.field for one in found] == ["spec.model.sha256", "spec.replicas"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"metadata": {}}, "metadata.name"),
        ({"metadata": {"name": "No_Name"}}, "metadata.name"),
        ({"metadata": {"name": "a" * 254}}, "metadata.name"),
        ({"apiVersion": "serving.slipway.dev/v9"}, "apiVersion"),
        ({"kind": "ModelDeploymnet"}, "kind"),
        ({"sepc": {}}, "sepc"),
    ],
)
def test_the_envelope_is_judged_too(changes: Obj, field: str) -> None:
    assert [found.field for found in findings(manifest(MINIMAL, **changes))] == [field]


@pytest.mark.parametrize("spec", [None, [], "x", 1])
def test_a_spec_must_be_an_object(spec: Any) -> None:
    assert [found.field for found in findings(manifest(spec))] == ["spec"]


def test_other_kinds_are_passed_over_and_ours_are_counted() -> None:
    other = yaml.safe_dump({"apiVersion": "v1", "kind": "Service", "spec": {"ports": "x"}})
    report = lint_text("---\n".join([other, manifest(MINIMAL), manifest(MINIMAL), "- 1\n"]))
    assert (report.checked, report.findings) == (2, [])


def test_the_objects_of_a_list_are_judged_with_their_own_lines() -> None:
    good, bad = (yaml.safe_load(manifest(spec)) for spec in (MINIMAL, MINIMAL | {"replicas": -1}))
    text = yaml.safe_dump({"apiVersion": "v1", "kind": "List", "items": [good, bad]})
    found = lint_text(text)
    assert found.checked == 2
    assert [finding.field for finding in found.findings] == ["spec.replicas"]
    assert "replicas: -1" in text.splitlines()[found.findings[0].line - 1]


def test_what_is_no_yaml_is_one_finding() -> None:
    (found,) = findings("a: 1\nb: [")
    assert (found.line, found.field) == (2, "YAML")
