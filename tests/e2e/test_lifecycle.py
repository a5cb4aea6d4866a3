"""From `kubectl apply` to a prediction, and what a user does to a model in its life."""

import shutil
import subprocess
from collections.abc import Callable

import pytest

from slipway_testing.cluster import Cluster
from slipway_testing.scene import CHILDREN, Model, adder, adds
from slipway_testing.waiting import becomes, eventually, steadily

pytestmark = pytest.mark.cluster
MakeModel = Callable[[str], Model]


def test_an_applied_model_answers_and_says_who_answered(make_model: MakeModel, store: str) -> None:
    model = make_model("adder").apply(adder(store, 1)).becomes_ready()

    answer = model.predict()

    assert answer.json()["outputs"][0]["data"] == adds(1)
    assert answer.headers["x-slipway-revision"] == model.status["stable"]["revision"]
    assert model.status["phase"] == "Healthy"
    assert model.status["url"] == f"http://adder.{model.namespace}.svc"


def test_kubectl_shows_waits_and_scales(make_model: MakeModel, store: str) -> None:
    model = make_model("adder").apply(adder(store, 1))

    waited = kubectl(model, "wait", "--for=condition=Ready", "mdeploy/adder", "--timeout=60s")
    shown = kubectl(model, "get", "mdeploy")
    kubectl(model, "scale", "mdeploy/adder", "--replicas=2")

    assert "condition met" in waited
    header, row = shown.splitlines()
    assert header.split()[:3] == ["NAME", "READY", "PHASE"]
    assert row.split()[:3] == ["adder", "True", "Healthy"]
    becomes(lambda: model.status["readyReplicas"], 2)
    assert kubectl(model, "get", "slipway", "-o", "name").strip().endswith("/adder")


def test_ready_is_false_at_first_sight_and_then_true(make_model: MakeModel, store: str) -> None:
    model = make_model("adder").apply(adder(store, 1))

    first = eventually(lambda: _present(model.condition("Ready")), every=0.02)

    assert first["status"] == "False"
    model.becomes_ready()
    assert model.condition("Reconciling") == {}
    assert model.condition("Serving")["status"] == "True"


def test_a_child_deleted_by_hand_comes_back(make_model: MakeModel, store: str) -> None:
    spec = adder(
        store, 1, autoscaling={"maxReplicas": 2, "metrics": [{"type": "CPU", "target": 80}]}
    )
    model = make_model("adder").apply(spec).becomes_ready()
    before = _names(model)
    assert all(before.values())

    for kind in CHILDREN:
        for name in before[kind]:
            model.cluster.delete(kind, model.namespace, name)

    becomes(lambda: _names(model), before)
    model.becomes_ready()


def test_a_child_edited_by_hand_is_put_right(make_model: MakeModel, store: str) -> None:
    model = make_model("adder").apply(adder(store, 1)).becomes_ready()
    entry = model.entry_name
    wanted = _selector(model, entry)

    model.cluster.patch(
        "Service", model.namespace, entry, {"spec": {"selector": {"app": "somebody-elses"}}}
    )

    becomes(lambda: _selector(model, entry), wanted)
    model.answers(adds(1))


def test_what_is_deleted_leaves_nothing_behind(
    cluster: Cluster, make_model: MakeModel, store: str
) -> None:
    model = make_model("adder").apply(adder(store, 1)).becomes_ready()
    assert "finalizers" not in model.live["metadata"]

    model.delete()

    def nothing_left() -> None:
        for kind in CHILDREN:
            assert not cluster.list(kind, model.namespace, "serving.slipway.dev/deployment")

    eventually(nothing_left)


def test_a_paused_model_keeps_serving_what_it_served(make_model: MakeModel, store: str) -> None:
    model = make_model("adder").apply(adder(store, 1)).becomes_ready()

    model.apply(adder(store, 2, paused=True))

    becomes(lambda: model.status["phase"], "Paused")
    steadily(lambda: model.answers(adds(1)), during=2)
    model.change(paused=None).becomes_ready()
    model.answers(adds(2))


def kubectl(model: Model, *arguments: str) -> str:
    program = shutil.which("kubectl") or "kubectl"
    done = subprocess.run(
        [program, "--kubeconfig", str(model.cluster.kubeconfig), "-n", model.namespace, *arguments],
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def _selector(model: Model, service: str) -> dict[str, str]:
    found = model.cluster.get("Service", model.namespace, service)
    assert found is not None
    selector: dict[str, str] = found["spec"]["selector"]
    return selector


def _names(model: Model) -> dict[str, set[str]]:
    return {kind: {c["metadata"]["name"] for c in model.children(kind)} for kind in CHILDREN}


def _present(found: dict[str, str]) -> dict[str, str]:
    assert found, "not there yet"
    return found
