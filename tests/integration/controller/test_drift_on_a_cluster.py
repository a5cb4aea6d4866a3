"""Whatever hands do to a child on a real API server is undone, and a second pass writes nothing.

The objects are written by the operator's own code. Their owner is on its way out, held by a
finalizer, so that an operator that runs leaves it alone.
"""

import asyncio
import copy
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest

from controller_testing.samples import DEFAULTS, NOW
from slipway_operator.api.v1alpha1 import Autoscaling, ServiceSpec
from slipway_operator.apply import Writer as ChildWriter
from slipway_operator.apply import carry_out
from slipway_operator.desired.autoscaler import build_autoscaler
from slipway_operator.desired.budget import build_budget
from slipway_operator.desired.controllerrevision import build_controller_revision
from slipway_operator.desired.deployment import build_deployment
from slipway_operator.desired.networkpolicy import build_network_policy
from slipway_operator.desired.revisions import Revision, new_revision
from slipway_operator.desired.services import Entry, build_entry_service, build_revision_service
from slipway_operator.kube import ConflictError, Kube, connect
from slipway_operator.objects import Obj, Owner
from slipway_operator.observe import observe
from slipway_operator.restraint import Restraint
from slipway_operator.strategy.bluegreen import Decision
from slipway_operator.strategy.plan import Plan
from slipway_testing.cluster import Cluster, obj

pytestmark = pytest.mark.cluster

SPEC: Obj = {
    "model": {
        "uri": "https://models.example.com/m.onnx",
        "sha256": "0" * 64,
        "credentials": {"secretName": "store"},
    },
    "runtime": {
        "resources": {
            "requests": {"cpu": "0.5", "memory": "256Mi"},
            "limits": {"memory": "524288Ki"},
        },
        "env": [{"name": "A", "value": "1"}, {"name": "B"}],
        "placement": {
            "nodeSelector": {"no": "such-node"},
            "tolerations": [{"key": "a", "operator": "Exists"}],
            "topologySpreadConstraints": [
                {"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "ScheduleAnyway"}
            ],
        },
    },
}
HELD = {"finalizers": ["tests.slipway.dev/held"]}
SCALING = Autoscaling.model_validate(
    {"minReplicas": 2, "maxReplicas": 4, "metrics": [{"type": "CPU", "target": 80}]}
)
REVISION = new_revision(SPEC, 1, DEFAULTS)
CHILD = f"m-{REVISION.name}"
KINDS = {
    "ControllerRevision": CHILD,
    "Deployment": CHILD,
    "HorizontalPodAutoscaler": CHILD,
    "NetworkPolicy": "m",
    "PodDisruptionBudget": "m",
    "Service": "m",
}
POD = "/spec/template/spec"
RUNTIME = f"{POD}/containers/0"


def added(path: str, value: Any) -> list[Obj]:
    return [{"op": "add", "path": path, "value": value}]


def removed(path: str) -> list[Obj]:
    return [{"op": "remove", "path": path}]


EDITS: dict[str, tuple[str, Any]] = {
    "a Service's selector": ("Service", {"spec": {"selector": {"app": "other"}}}),
    "a Service's selector, widened": (
        "Service",
        removed("/spec/selector/serving.slipway.dev~1revision"),
    ),
    "a Service's port": ("Service", {"spec": {"ports": [{"port": 99, "name": "http"}]}}),
    "one more port": ("Service", added("/spec/ports/-", {"name": "x", "port": 99})),
    "the port's target": ("Service", added("/spec/ports/0/targetPort", 99)),
    "a Service's type": ("Service", {"spec": {"type": "NodePort"}}),
    "the memory of the rollout": (
        "Service",
        {"metadata": {"annotations": {"serving.slipway.dev/promoted-at": "2020-01-01T00:00:00Z"}}},
    ),
    "all annotations": ("Service", removed("/metadata/annotations")),
    "a label": ("Service", {"metadata": {"labels": {"app.kubernetes.io/name": "other"}}}),
    "the owner": ("Service", removed("/metadata/ownerReferences")),
    "the replicas": ("Deployment", {"spec": {"replicas": 7}}),
    "the image": ("Deployment", added(f"{RUNTIME}/image", "other:1")),
    "a variable": ("Deployment", added(f"{RUNTIME}/env/0/value", "other")),
    "one more variable": ("Deployment", added(f"{RUNTIME}/env/-", {"name": "X", "value": "1"})),
    "one variable less": ("Deployment", removed(f"{RUNTIME}/env/1")),
    "one more container": (
        "Deployment",
        added(f"{POD}/containers/-", {"name": "side", "image": "side:1"}),
    ),
    "one more volume": ("Deployment", added(f"{POD}/volumes/-", {"name": "x", "emptyDir": {}})),
    "an argument": ("Deployment", added(f"{RUNTIME}/args/-", "--verbose")),
    "a probe": ("Deployment", removed(f"{RUNTIME}/readinessProbe")),
    "the limits": ("Deployment", added(f"{RUNTIME}/resources/limits/memory", "1Gi")),
    "a capability": ("Deployment", removed(f"{RUNTIME}/securityContext/capabilities")),
    "the token": ("Deployment", added(f"{POD}/automountServiceAccountToken", True)),
    "a toleration": ("Deployment", added(f"{POD}/tolerations/-", {"operator": "Exists"})),
    "the node selector": ("Deployment", added(f"{POD}/nodeSelector/more", "x")),
    "the spread": ("Deployment", removed(f"{POD}/topologySpreadConstraints")),
    "the strategy": ("Deployment", {"spec": {"strategy": {"rollingUpdate": {"maxSurge": 3}}}}),
    "the pod's labels": (
        "Deployment",
        removed("/spec/template/metadata/labels/app.kubernetes.io~1name"),
    ),
    "the most pods": ("HorizontalPodAutoscaler", {"spec": {"maxReplicas": 50}}),
    "the autoscaler's target": (
        "HorizontalPodAutoscaler",
        added("/spec/metrics/0/resource/target/averageUtilization", 10),
    ),
    "the budget": ("PodDisruptionBudget", {"spec": {"maxUnavailable": "100%"}}),
    "the budget's pods": (
        "PodDisruptionBudget",
        {"spec": {"selector": {"matchLabels": {"app": "other"}}}},
    ),
    "the way in": ("NetworkPolicy", {"spec": {"ingress": []}}),
    "the way out": ("NetworkPolicy", added("/spec/egress/-", {})),
    "the policy's pods": ("NetworkPolicy", {"spec": {"podSelector": {"matchLabels": {"a": "b"}}}}),
    "a revision's number": ("ControllerRevision", {"revision": 9}),
    "a revision's label": (
        "ControllerRevision",
        {"metadata": {"labels": {"serving.slipway.dev/revision": "other"}}},
    ),
}


class Writer:
    """The code that writes, and a count of its writes."""

    def __init__(self, kube: Kube, owner: Owner) -> None:
        self.owner = owner
        self.written: list[str] = []
        self._kube = kube.guarded(
            lambda: None, lambda verb, kind: self.written.append(f"{verb} {kind}")
        )

    async def write(self, *objects: Obj) -> list[str]:
        """Bring objects about; return what was written."""
        self.written.clear()
        plan = Plan("", Decision(None), {}, {}, objects, ())
        while True:
            seen = await observe(self._kube, self.owner)
            try:
                outcome = await carry_out(ChildWriter(self._kube, Restraint(), NOW), plan, seen)
            except ConflictError:
                await asyncio.sleep(0.1)  # a controller was faster; the queue looks again, too
                continue
            assert not outcome.faults
            return list(self.written)


@pytest.fixture(scope="module")
def owner(cluster: Cluster, make_namespace: Callable[[str], str]) -> Iterator[Owner]:
    namespace = make_namespace("drift")
    spec = {**SPEC, "paused": True}
    made = cluster.apply(obj("ModelDeployment", namespace, "m", spec=spec, metadata=HELD))
    cluster.delete("ModelDeployment", namespace, "m")
    yield Owner(namespace, "m", made["metadata"]["uid"])
    cluster.patch("ModelDeployment", namespace, "m", {"metadata": {"finalizers": None}})


@pytest.fixture
async def writer(
    cluster: Cluster, owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Writer]:
    monkeypatch.setenv("KUBECONFIG", str(cluster.kubeconfig))
    kube = await connect()
    yield Writer(kube, owner)
    await kube.close()


def everything(owner: Owner, revision: Revision = REVISION, replicas: int | None = 2) -> list[Obj]:
    return [
        build_network_policy(owner),
        build_controller_revision(owner, revision),
        build_revision_service(owner, revision.name),
        build_deployment(owner, revision, replicas),
        build_entry_service(owner, ServiceSpec(), Entry(revision.name, promoted_at=NOW)),
        build_budget(owner, revision.name),
        build_autoscaler(owner, revision.name, SCALING),
    ]


def content(cluster: Cluster, kind: str, namespace: str) -> Obj:
    """An object without what the API server notes about it."""
    found = copy.deepcopy(cluster.get(kind, namespace, KINDS[kind]))
    assert found is not None
    noted = ("managedFields", "resourceVersion", "generation", "creationTimestamp")
    meta = {key: value for key, value in found["metadata"].items() if key not in noted}
    annotations = {
        key: value
        for key, value in meta.get("annotations", {}).items()
        if not key.startswith("deployment.kubernetes.io/")
    }
    return {**found, "metadata": {**meta, "annotations": annotations}, "status": None}


async def test_a_second_pass_writes_nothing_for_any_kind(cluster: Cluster, writer: Writer) -> None:
    await writer.write(*everything(writer.owner))

    for kind, name in KINDS.items():
        assert cluster.get(kind, writer.owner.namespace, name), kind
    assert await writer.write(*everything(writer.owner)) == []


@pytest.mark.parametrize("edit", EDITS)
async def test_what_a_hand_changed_is_put_back(cluster: Cluster, writer: Writer, edit: str) -> None:
    kind, change = EDITS[edit]
    namespace = writer.owner.namespace
    await writer.write(*everything(writer.owner))
    before = content(cluster, kind, namespace)
    cluster.patch(kind, namespace, KINDS[kind], change)
    assert content(cluster, kind, namespace) != before, "the edit changed nothing"

    await writer.write(*everything(writer.owner))

    assert content(cluster, kind, namespace) == before
    assert await writer.write(*everything(writer.owner)) == []


async def test_what_others_add_beside_ours_stays(cluster: Cluster, writer: Writer) -> None:
    await writer.write(*everything(writer.owner))
    theirs = {"metadata": {"annotations": {"team": "a"}, "labels": {"team": "a"}}}
    cluster.patch("Service", writer.owner.namespace, "m", theirs)
    restarted = {"metadata": {"annotations": {"kubectl.kubernetes.io/restartedAt": "now"}}}
    cluster.patch("Deployment", writer.owner.namespace, CHILD, {"spec": {"template": restarted}})

    assert await writer.write(*everything(writer.owner)) == []


async def test_a_field_that_is_no_longer_wanted_goes(cluster: Cluster, writer: Writer) -> None:
    await writer.write(*everything(writer.owner))
    plain = new_revision({"model": SPEC["model"]}, 1, DEFAULTS)
    smaller = build_deployment(
        writer.owner, Revision(**{**_fields(plain), "name": REVISION.name}), 2
    )

    await writer.write(smaller)

    live = cluster.get("Deployment", writer.owner.namespace, CHILD)
    assert live is not None
    template = live["spec"]["template"]["spec"]
    assert "nodeSelector" not in template
    assert (
        "resources" not in template["containers"][0] or not template["containers"][0]["resources"]
    )
    assert await writer.write(smaller) == []


async def test_replicas_change_hands_without_a_pod_more_or_less(
    cluster: Cluster, writer: Writer
) -> None:
    namespace = writer.owner.namespace

    def replicas() -> int:
        live = cluster.get("Deployment", namespace, CHILD)
        assert live is not None
        count: int = live["spec"]["replicas"]
        return count

    await writer.write(build_deployment(writer.owner, REVISION, 3))
    unowned = build_deployment(writer.owner, REVISION, None)
    await writer.write(unowned)
    assert replicas() == 3
    assert await writer.write(unowned) == []

    cluster.patch("Deployment", namespace, CHILD, {"spec": {"replicas": 4}})
    assert await writer.write(unowned) == []
    assert replicas() == 4

    await writer.write(build_deployment(writer.owner, REVISION, 2))
    assert replicas() == 2
    await writer.write(unowned)
    assert replicas() == 2


async def test_an_orphan_is_taken_back(cluster: Cluster, writer: Writer) -> None:
    await writer.write(*everything(writer.owner))
    service = cluster.get("Service", writer.owner.namespace, "m")
    assert service is not None
    cluster.patch("Service", writer.owner.namespace, "m", removed("/metadata/ownerReferences"))

    await writer.write(*everything(writer.owner))

    again = cluster.get("Service", writer.owner.namespace, "m")
    assert again is not None
    assert again["metadata"]["uid"] == service["metadata"]["uid"]
    assert again["metadata"]["ownerReferences"][0]["uid"] == writer.owner.uid


def _fields(revision: Revision) -> Obj:
    return {name: getattr(revision, name) for name in Revision.__slots__}
