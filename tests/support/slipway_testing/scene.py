"""Given/when/then for ModelDeployments on a real cluster.

A `Model` is one ModelDeployment under test: what a user does to it (apply, change, delete) and
what a user can see of it (status, children, events, answers). Reads are live; nothing is cached.
"""

import copy
import json
from dataclasses import dataclass, field
from typing import Any

import httpx

from slipway_testing.cluster import Cluster, Obj, obj
from slipway_testing.models import Artifact, adding
from slipway_testing.waiting import eventually

SMALL = {"requests": {"cpu": "50m", "memory": "128Mi"}, "limits": {"memory": "256Mi"}}
ROW = [1.0, 2.0, 3.0, 4.0]
CHILDREN = [
    "Deployment",
    "Service",
    "HorizontalPodAutoscaler",
    "PodDisruptionBudget",
    "NetworkPolicy",
    "ControllerRevision",
]


@dataclass
class Model:
    """One ModelDeployment in one namespace."""

    cluster: Cluster
    namespace: str
    name: str
    spec: Obj = field(default_factory=dict)

    # what a user does

    def apply(self, spec: Obj) -> "Model":
        """`kubectl apply` of a whole spec."""
        self.spec = spec
        self.cluster.apply(obj("ModelDeployment", self.namespace, self.name, spec=spec))
        return self

    def change(self, **fields: Any) -> "Model":
        """Apply the present spec with some top-level fields replaced (None removes one)."""
        spec = {**self.spec, **fields}
        return self.apply({key: value for key, value in spec.items() if value is not None})

    def delete(self) -> None:
        """`kubectl delete --wait=false`."""
        self.cluster.delete("ModelDeployment", self.namespace, self.name)

    def predict(self, row: list[float] | None = None) -> httpx.Response:
        """POST one row to the entry Service in the Open Inference Protocol."""
        body = {"inputs": [{"name": "X", "shape": [1, 4], "datatype": "FP32", "data": row or ROW}]}
        return self.post(f"v2/models/{self.name}/infer", json.dumps(body).encode())

    def post(
        self, path: str, body: bytes, content_type: str = "application/json"
    ) -> httpx.Response:
        """POST anything to the entry Service."""
        return self.cluster.ask_service(
            self.namespace,
            f"{self.entry_name}:http",
            path,
            method="POST",
            content=body,
            headers={"content-type": content_type},
        )

    # what a user sees

    @property
    def live(self) -> Obj:
        """The object as stored now."""
        found = self.cluster.get("ModelDeployment", self.namespace, self.name)
        assert found is not None, f"{self.name} does not exist"
        return found

    @property
    def status(self) -> Obj:
        """Its status, {} before the first write."""
        status: Obj = self.live.get("status", {})
        return status

    @property
    def entry_name(self) -> str:
        """The name of the Service that users talk to (cut names carry a hash)."""
        entries = [
            service
            for service in self.children("Service")
            if "serving.slipway.dev/revision" not in service["metadata"]["labels"]
        ]
        assert len(entries) == 1, f"{len(entries)} entry Services of {self.name}"
        name: str = entries[0]["metadata"]["name"]
        return name

    def condition(self, kind: str) -> Obj:
        """One condition, {} when absent."""
        conditions = self.status.get("conditions", [])
        return next((c for c in conditions if c["type"] == kind), {})

    def children(self, kind: str) -> list[Obj]:
        """The objects of a kind that this ModelDeployment owns."""
        uid = self.live["metadata"]["uid"]
        return [
            child
            for child in self.cluster.list(kind, self.namespace, "serving.slipway.dev/deployment")
            if any(o["uid"] == uid for o in child["metadata"].get("ownerReferences", []))
        ]

    def pods(self) -> list[Obj]:
        """Its pods that are not on their way out."""
        pods = self.cluster.list("Pod", self.namespace, "serving.slipway.dev/revision")
        return [
            pod
            for pod in pods
            if pod["metadata"]["annotations"].get("serving.slipway.dev/owner") == self.name
            and "deletionTimestamp" not in pod["metadata"]
        ]

    def pod_uids(self) -> set[str]:
        """Who they are."""
        return {pod["metadata"]["uid"] for pod in self.pods()}

    def events(self) -> dict[str, str]:
        """Reason → message of every event about it."""
        return {
            event["reason"]: event.get("message") or event.get("note", "")
            for event in self.cluster.list("Event", self.namespace)
            if event["involvedObject"].get("name") == self.name
        }

    # then

    def becomes_ready(self, *, within: float = 60) -> "Model":
        """The whole spec is live: Ready is True for the present generation."""

        def look() -> None:
            live = self.live
            ready = _condition(live, "Ready")
            assert ready.get("observedGeneration") == live["metadata"]["generation"], ready
            assert ready.get("status") == "True", ready

        eventually(look, within=within)
        return self

    def becomes_unready(self, reason: str, *, within: float = 60) -> Obj:
        """Ready is False for the present generation, for that reason."""

        def look() -> Obj:
            live = self.live
            ready = _condition(live, "Ready")
            assert ready.get("observedGeneration") == live["metadata"]["generation"], ready
            assert (ready.get("status"), ready.get("reason")) == ("False", reason), ready
            return ready

        return eventually(look, within=within)

    def answers(self, expected: list[float], row: list[float] | None = None) -> None:
        """The entry Service answers that row with these numbers."""
        answer = self.predict(row)
        assert answer.status_code == httpx.codes.OK, answer.text
        assert answer.json()["outputs"][0]["data"] == expected

    def tells(self, reason: str, *, within: float = 20) -> str:
        """An event with that reason has been recorded; its message."""

        def look() -> str:
            events = self.events()
            assert reason in events, f"events: {sorted(events)}"
            return events[reason]

        return eventually(look, within=within)


def spec_for(uri: str, artifact: Artifact, **more: Any) -> Obj:
    """A small, quick spec for a model file in a store."""
    model = {"uri": uri, "sha256": artifact.sha256}
    return {"model": model, "runtime": {"resources": copy.deepcopy(SMALL)}, **more}


def adder(store: str, offset: float, **more: Any) -> Obj:
    """A spec for the model that adds `offset`, from the tests' own store."""
    artifact = adding(offset)
    return spec_for(f"{store}/{artifact.name}", artifact, **more)


def adds(offset: float) -> list[float]:
    """What that model answers to ROW."""
    return [value + offset for value in ROW]


def _condition(live: Obj, kind: str) -> Obj:
    conditions = live.get("status", {}).get("conditions", [])
    return next((c for c in conditions if c["type"] == kind), {})
