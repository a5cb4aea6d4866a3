"""Whether a child must be written is told from who owns its fields."""

import copy
import json

import pytest

from controller_testing.samples import DEFAULTS, OWNER, spec
from controller_testing.world import fields_of
from slipway_operator.desired.deployment import build_deployment
from slipway_operator.desired.revisions import new_revision
from slipway_operator.drift import (
    Drift,
    drift,
    owners_without_strangers,
    replicas_to_hand_over,
    with_fingerprint,
)
from slipway_operator.objects import Obj

DESIRED = build_deployment(OWNER, new_revision(spec(), 1, DEFAULTS), 2)
PORT = {"containerPort": 8080, "protocol": "TCP"}


def live(desired: Obj = DESIRED) -> Obj:
    """An object as the API server keeps it after our apply."""
    written = copy.deepcopy(with_fingerprint(desired))
    entry = {"manager": "slipway", "operation": "Apply", "fieldsV1": fields_of(written)}
    written["metadata"]["managedFields"] = [entry]
    return written


def ours(obj: Obj) -> Obj:
    fields: Obj = obj["metadata"]["managedFields"][0]["fieldsV1"]
    return fields


def taken(obj: Obj, manager: str, fields: Obj) -> None:
    """Note that somebody else owns fields."""
    entry = {"manager": manager, "operation": "Update", "fieldsV1": fields}
    obj["metadata"]["managedFields"].append(entry)


def disown(fields: Obj, first: str, *rest: str) -> None:
    """Take a field away; the API server keeps no empty parents."""
    if rest:
        disown(fields[first], *rest)
    if not rest or not fields[first]:
        del fields[first]


def test_an_absent_object_must_be_written() -> None:
    assert drift(DESIRED, None) is Drift.ABSENT


def test_an_object_as_we_wrote_it_must_not() -> None:
    assert drift(DESIRED, live()) is None


def test_a_changed_wish_must_be_written() -> None:
    other = build_deployment(OWNER, new_revision(spec(), 1, DEFAULTS), 3)

    assert drift(other, live()) is Drift.OUTDATED


def test_defaults_and_values_in_another_notation_are_no_difference() -> None:
    seen = live()
    seen["spec"]["progressDeadlineSeconds"] = 600
    seen["spec"]["template"]["spec"]["volumes"][0]["emptyDir"]["sizeLimit"] = "4096Mi"

    assert drift(DESIRED, seen) is None


@pytest.mark.parametrize(
    "path",
    [
        ("f:spec", "f:replicas"),
        ("f:spec", "f:template", "f:spec", "f:automountServiceAccountToken"),
        ("f:metadata", "f:labels", "f:serving.slipway.dev/revision"),
        ("f:metadata", "f:annotations", "f:serving.slipway.dev/applied"),
        ("f:metadata", "f:ownerReferences"),
    ],
)
def test_a_field_that_is_no_longer_ours_was_edited(path: tuple[str, ...]) -> None:
    seen = live()
    disown(ours(seen), *path)

    assert drift(DESIRED, seen) is Drift.EDITED


def test_an_object_whose_owners_were_wiped_is_written_again() -> None:
    seen = live()
    seen["metadata"]["managedFields"] = []

    assert drift(DESIRED, seen) is Drift.EDITED


def test_an_item_of_a_keyed_list_is_found_by_its_key() -> None:
    desired = {**DESIRED, "spec": {"ports": [{**PORT, "name": "http"}]}}
    seen = live(desired)
    fields: Obj = {".": {}, "f:containerPort": {}, "f:name": {}, "f:protocol": {}}
    ours(seen)["f:spec"] = {"f:ports": {f"k:{json.dumps(PORT)}": fields}}
    assert drift(desired, seen) is None

    del fields["f:name"]

    assert drift(desired, seen) is Drift.EDITED


def test_a_field_that_others_add_stays_theirs() -> None:
    seen = live()
    seen["spec"]["template"]["metadata"]["annotations"]["restartedAt"] = "now"
    taken(seen, "kubectl", {"f:spec": {"f:template": {"f:metadata": {"f:annotations": {}}}}})

    assert drift(DESIRED, seen) is None


def test_an_item_that_others_put_into_our_list_becomes_ours_to_remove() -> None:
    desired = {**DESIRED, "spec": {"ports": [PORT]}}
    seen = live(desired)
    foreign = f"k:{json.dumps({'containerPort': 1, 'protocol': 'TCP'})}"
    mine = f"k:{json.dumps(PORT)}"
    ours(seen)["f:spec"] = {"f:ports": {mine: {}}}
    theirs: Obj = {"f:spec": {"f:ports": {foreign: {"f:name": {}}, mine: {"f:hostPort": {}}}}}
    taken(seen, "kubectl", theirs)

    assert drift(desired, seen) is Drift.EDITED
    owners = owners_without_strangers(desired, seen)

    assert owners is not None
    first, second = (entry["fieldsV1"]["f:spec"]["f:ports"] for entry in owners)
    assert first == {mine: {}, foreign: {"f:name": {}}}
    assert second == {mine: {"f:hostPort": {}}}


def test_items_deep_inside_our_items_are_found_too() -> None:
    desired = {**DESIRED, "spec": {"containers": [{"name": "a", "env": [{"name": "A"}]}]}}
    seen = live(desired)
    env: Obj = {"f:env": {'k:{"name":"B"}': {".": {}, "f:name": {}}}}
    taken(seen, "kubectl-set", {"f:spec": {"f:containers": {'k:{"name":"a"}': env}}})

    owners = owners_without_strangers(desired, seen)

    assert owners is not None
    mine = owners[0]["fieldsV1"]["f:spec"]["f:containers"]
    assert 'k:{"name":"B"}' in mine['k:{"name":"a"}']["f:env"]


def test_what_controllers_write_into_the_status_is_not_looked_at() -> None:
    seen = live()
    taken(seen, "kube-controller-manager", {"f:status": {"f:replicas": {}}})
    seen["metadata"]["managedFields"][-1]["subresource"] = "status"

    assert drift(DESIRED, seen) is None


def test_replicas_change_hands_only_when_we_still_own_them() -> None:
    unowned = build_deployment(OWNER, new_revision(spec(), 1, DEFAULTS), None)
    seen = live()
    seen["spec"]["replicas"] = 7

    assert replicas_to_hand_over(unowned, seen) == 7
    assert replicas_to_hand_over(DESIRED, seen) is None
    assert replicas_to_hand_over(unowned, None) is None
    del ours(seen)["f:spec"]["f:replicas"]
    assert replicas_to_hand_over(unowned, seen) is None
