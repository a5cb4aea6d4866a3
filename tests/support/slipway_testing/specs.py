"""Specs that the API accepts, and what it takes to write ones that it refuses.

One corpus for everything that judges specs: the API server and offline checks must agree on it.
"""

import copy
from dataclasses import dataclass
from typing import Any, Final

from slipway_testing.spec_fields import ADDRESSES, MINIMAL

Obj = dict[str, Any]
REMOVED: Final = object()
DIGEST: Final = f"sha256:{'a' * 64}"
CPU_METRIC: Final = {"type": "CPU", "target": 80}


@dataclass(frozen=True, slots=True)
class Good:
    """A spec that must be accepted."""

    name: str
    spec: Obj


@dataclass(frozen=True, slots=True)
class Bad:
    """A spec that must be refused, at this field, with these words."""

    name: str
    spec: Obj
    field: str
    words: str


def vary(**changes: Any) -> Obj:
    """The minimal spec with some fields set or REMOVED, named with __ for each dot."""
    spec = copy.deepcopy(MINIMAL)
    for name, value in changes.items():
        *parents, last = name.split("__")
        place = spec
        for parent in parents:
            place = place.setdefault(parent, {})
        if value is REMOVED:
            del place[last]
        else:
            place[last] = value
    return spec


def resources(**sides: Obj) -> Obj:
    return {"resources": sides}


def scaled(runtime: Obj | None = None, **autoscaling: Any) -> Obj:
    """Autoscaled on CPU with a request for it, but for what the arguments say."""
    settings = {"maxReplicas": 4, "metrics": [CPU_METRIC], **autoscaling}
    return vary(
        autoscaling={name: value for name, value in settings.items() if value is not REMOVED},
        runtime=resources(requests={"cpu": "500m"}) if runtime is None else runtime,
    )


def from_address(uri: str, **changes: Any) -> Obj:
    return vary(model__uri=uri, **changes)


GOOD: Final = [
    Good("minimal", MINIMAL),
    *(Good(f"{scheme} address", from_address(uri)) for scheme, uri in ADDRESSES.items()),
    Good("oci without sha256", from_address(ADDRESSES["oci"], model__sha256=REMOVED)),
    Good("oci without a file", from_address(f"oci://registry.example.com/iris@{DIGEST}")),
    Good(
        "oci with port and tag", from_address(f"oci://localhost:5000/a/b_c:1.0@{DIGEST}#model.onnx")
    ),
    Good("host with port", from_address("http://store.models.svc.cluster.local:9000/iris.onnx")),
    Good("IPv4 host", from_address("http://192.0.2.7/iris.onnx")),
    Good("IPv6 host", from_address("http://[2001:db8::1]:8080/iris.onnx")),
    Good("percent-encoded path", from_address("https://models.example.com/a%20b/iris.onnx")),
    Good("query", from_address("https://models.example.com/iris.onnx?revision=main")),
    Good("at sign in the path", from_address("https://models.example.com/@team/iris.onnx")),
    Good("s3 key without folder", from_address("s3://models/iris.onnx")),
    Good("dots in a name", from_address("pvc://models/v1..2/iris.model.onnx")),
    Good("suffix in capitals", from_address("pvc://models/IRIS.ONNX")),
    Good(
        "no suffix but a format",
        from_address("https://models.example.com/iris/latest", model__format="onnx"),
    ),
    Good("sha256 in capitals", vary(model__sha256="ABCDEF01" * 8)),
    Good("version", vary(model__version="2026-11-21_rc.1+build")),
    Good("range of one value", vary(model__inputs=[{"name": "X", "range": [1.5, 1.5]}])),
    Good("range of negative numbers", vary(model__inputs=[{"name": "X", "range": [-1e3, 0]}])),
    Good("mixed values", vary(model__inputs=[{"name": "X", "values": [1, "2", -3]}])),
    Good(
        "two inputs",
        vary(
            model__inputs=[
                {"name": "X", "range": [0, 1], "features": ["b", "a"]},
                {"name": "text", "maxLength": 200},
            ]
        ),
    ),
    Good(
        "many features", vary(model__inputs=[{"name": "X", "features": [*map(str, range(4096))]}])
    ),
    Good(
        "credentials for s3",
        from_address("s3://m0dels/a.onnx", model__credentials={"secretName": "a"}),
    ),
    Good("image by digest", vary(runtime__image=f"registry.example.com/runtime@{DIGEST}")),
    Good("no image", vary(runtime__image="")),
    Good("whole numbers as quantities", vary(runtime=resources(requests={"cpu": 1}))),
    Good(
        "requests equal to limits",
        vary(
            runtime=resources(
                requests={"cpu": "1000m", "memory": "1Gi"}, limits={"cpu": 1, "memory": "1024Mi"}
            )
        ),
    ),
    Good("limits alone", vary(runtime=resources(limits={"memory": "512Mi"}))),
    Good("ephemeral storage", vary(runtime=resources(requests={"ephemeral-storage": "5G"}))),
    Good("exponent", vary(runtime=resources(requests={"memory": "128e6"}))),
    Good("GPU", vary(runtime__accelerator={"resource": "nvidia.com/gpu"})),
    Good("MIG slice", vary(runtime__accelerator={"resource": "nvidia.com/mig-1g.5gb", "count": 2})),
    Good("no warm-up", vary(runtime__warmup={"requests": 0})),
    Good("batching", vary(runtime__batching={"maxSize": 2, "maxDelay": "1s"})),
    Good("batching that never waits", vary(runtime__batching={"maxSize": 4096})),
    Good("no queue", vary(runtime__concurrency={"queue": 0})),
    Good("shortest timeout", vary(runtime__timeout="10ms")),
    Good(
        "cache below the memory limit",
        vary(runtime={**resources(limits={"memory": "1Gi"}), "cache": {"size": "1023Mi"}}),
    ),
    Good("empty variable", vary(runtime__env=[{"name": "A", "value": ""}, {"name": "_b2"}])),
    Good("no replicas", vary(replicas=0)),
    Good("autoscaled on CPU", scaled()),
    Good("autoscaled, limits alone", scaled(resources(limits={"cpu": 1}))),
    Good("autoscaled, one size", scaled(minReplicas=4)),
    Good(
        "autoscaled on both",
        scaled(
            resources(requests={"cpu": 1, "memory": "1Gi"}),
            metrics=[CPU_METRIC, {"type": "Memory", "target": 1000}],
        ),
    ),
    Good("compound duration", vary(rollout={"keepStable": "1h30m", "progressDeadline": "90s"})),
    Good("nothing kept warm", vary(rollout={"keepStable": "0s"})),
    Good("longest durations", vary(rollout={"keepStable": "24h", "progressDeadline": "1440m"})),
    Good(
        "service", vary(service={"type": "NodePort", "port": 65535, "annotations": {"a.b/c": ""}})
    ),
    Good("empty blocks", vary(runtime={}, rollout={}, service={})),
    Good("paused", vary(paused=True, revisionHistoryLimit=0)),
]

# Refused by strict clients, such as kubectl; pruned for others. Never obeyed.
UNKNOWN_FIELDS: Final = {
    "spec.serviceAccountName": vary(serviceAccountName="admin"),
    "spec.hostNetwork": vary(hostNetwork=True),
    "spec.runtime.securityContext": vary(runtime__securityContext={"privileged": True}),
    "spec.runtime.volumes": vary(runtime__volumes=[{"hostPath": {"path": "/"}}]),
    "spec.runtime.env[0].valueFrom": vary(
        runtime__env=[{"name": "A", "valueFrom": {"secretKeyRef": {"name": "a", "key": "b"}}}]
    ),
    "spec.runtime.placement.nodeName": vary(runtime__placement={"nodeName": "node-1"}),
    "spec.runtime.placement.affinity.nodeAfinity": vary(
        runtime__placement={"affinity": {"nodeAfinity": {}}}
    ),
    "spec.model.credentials.namespace": vary(
        model__credentials={"secretName": "a", "namespace": "kube-system"}
    ),
    "spec.service.nodePort": vary(service={"nodePort": 30080}),
    "spec.replica": vary(replica=2),
    # Not built yet, so not in the API
    "spec.rollout.strategy": vary(rollout={"strategy": "Canary"}),
    "spec.rollout.canary": vary(rollout={"canary": {"steps": []}}),
    "spec.runtime.batching.size": vary(runtime__batching={"maxSize": 16, "size": 8}),
}
