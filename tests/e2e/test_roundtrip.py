"""Every field of the spec, set and taken away again, leaves the children as they were.

All fields are tried side by side, each on a ModelDeployment of its own. The pods are simulated:
what is compared are the children's own words.
"""

import copy

import pytest

from slipway_testing.cluster import Cluster, Obj
from slipway_testing.scene import CHILDREN, Model
from slipway_testing.spec_fields import MINIMAL, spec_field_cases
from slipway_testing.waiting import eventually

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(600)]
# What differs between two lives of the same object, or counts them.
OF_THIS_LIFE = ["uid", "resourceVersion", "generation", "creationTimestamp", "managedFields"]
OF_THIS_ROLLOUT = ["serving.slipway.dev/promoted-at", "serving.slipway.dev/applied"]
COUNTED = "deployment.kubernetes.io/revision"


def test_every_field_set_and_removed_again_restores_the_children(
    cluster: Cluster, namespace: str, fake_node: Obj
) -> None:
    base = {
        **copy.deepcopy(MINIMAL),
        "runtime": {
            "resources": {"requests": {"cpu": "100m", "memory": "64Mi"}},
            "placement": fake_node,
        },
        "rollout": {"keepStable": "0s", "progressDeadline": "1h"},
        "revisionHistoryLimit": 0,
    }
    cases = spec_field_cases(base)
    models = [Model(cluster, namespace, f"field-{number:03}") for number in range(len(cases))]

    for model, case in zip(models, cases, strict=True):
        model.apply(case.without)
    before = [_settled_children(model, is_ready=True) for model in models]

    for model, case in zip(models, cases, strict=True):
        model.apply(case.having)
    changed = [_settled_children(model, is_ready=False) for model in models]

    for model, case in zip(models, cases, strict=True):
        model.apply(case.without)
    after = [_settled_children(model, is_ready=True) for model in models]

    # Neither a label for people nor a setting of the operator's own haste shows in a child.
    silent = {"rollout.keepStable", "rollout.progressDeadline", "revisionHistoryLimit", "paused"}
    unmoved = {case.path for case, a, b in zip(cases, before, changed, strict=True) if a == b}
    assert unmoved <= silent, "these fields change nothing"
    differing = [case.path for case, a, b in zip(cases, before, after, strict=True) if a != b]
    assert differing == []


def _settled_children(model: Model, *, is_ready: bool) -> list[Obj]:
    """The children's words, once the operator has seen the present spec through."""

    def look() -> list[Obj]:
        live = model.live
        status = live.get("status", {})
        assert status.get("observedGeneration") == live["metadata"]["generation"]
        if is_ready:
            assert model.condition("Ready").get("status") == "True", status.get("message")
        return _children(model)

    return eventually(look, within=180)


def _children(model: Model) -> list[Obj]:
    found = [child for kind in CHILDREN for child in model.children(kind)]
    return sorted((_words(child) for child in found), key=str)


def _words(child: Obj) -> Obj:
    meta = {k: v for k, v in child["metadata"].items() if k not in OF_THIS_LIFE}
    annotations = meta.pop("annotations", {})
    meta["annotations"] = {
        k: v for k, v in annotations.items() if k not in [*OF_THIS_ROLLOUT, COUNTED]
    }
    content = {k: v for k, v in child.items() if k not in ("metadata", "status", "revision")}
    for assigned in ("clusterIP", "clusterIPs"):
        content.get("spec", {}).pop(assigned, None)
    return {**content, "metadata": meta}
