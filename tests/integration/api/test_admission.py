"""What a real API server says to specs, good and bad, in the words a user reads."""

from typing import Any

import pytest
from kubernetes import client

from slipway_testing.bad_specs import BAD
from slipway_testing.spec_fields import FieldCase, spec_field_cases
from slipway_testing.specs import GOOD, UNKNOWN_FIELDS, Bad, Good

Obj = dict[str, Any]

pytestmark = pytest.mark.cluster

FIELD_CASES = spec_field_cases()
PLACEMENTS = [
    case
    for case in FIELD_CASES
    if case.path.startswith("runtime.placement.") and "ClassName" not in case.path
]


@pytest.mark.parametrize("good", GOOD, ids=lambda good: good.name)
def test_a_good_spec_is_stored_just_as_it_was_written(good: Good, judge: Any) -> None:
    verdict = judge(good.spec)
    assert verdict.words == ""
    assert verdict.stored["spec"] == good.spec


@pytest.mark.parametrize("bad", BAD, ids=lambda bad: bad.name)
def test_a_bad_spec_is_refused_in_plain_words(bad: Bad, judge: Any) -> None:
    verdict = judge(bad.spec)
    assert verdict.stored is None
    said = [message for field, message in verdict.causes if field.startswith(bad.field)]
    assert any(bad.words in message for message in said), verdict.words


@pytest.mark.parametrize("bad", BAD, ids=lambda bad: bad.name)
def test_no_rule_fails_in_words_of_its_own(bad: Bad, judge: Any) -> None:
    assert "evaluation error" not in judge(bad.spec).words


@pytest.mark.parametrize("field", UNKNOWN_FIELDS)
def test_an_unknown_field_is_refused_by_its_name(field: str, judge: Any) -> None:
    assert f'unknown field "{field}"' in judge(UNKNOWN_FIELDS[field]).words


@pytest.mark.parametrize("case", FIELD_CASES, ids=str)
def test_every_field_can_be_set(case: FieldCase, judge: Any) -> None:
    verdict = judge(case.having)
    assert verdict.words == ""
    assert verdict.stored["spec"] == case.having


@pytest.mark.parametrize("case", PLACEMENTS, ids=str)
def test_placement_means_the_same_in_a_pod(case: FieldCase, api: client.ApiClient) -> None:
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "x", "namespace": "default"},
        "spec": {
            "containers": [{"name": "x", "image": "x"}],
            **case.having["runtime"]["placement"],
        },
    }
    client.CoreV1Api(api).create_namespaced_pod(
        "default", pod, dry_run="All", field_validation="Strict"
    )


def test_the_checked_in_crd_is_accepted_without_a_warning(api: client.ApiClient, crd: Obj) -> None:
    _, _, headers = client.ApiextensionsV1Api(api).patch_custom_resource_definition_with_http_info(
        crd["metadata"]["name"],
        crd,
        dry_run="All",
        field_manager="tests",
        force=True,
        field_validation="Strict",
        _content_type="application/apply-patch+yaml",
    )
    assert "Warning" not in headers
