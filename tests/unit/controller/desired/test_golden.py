"""Every object that the operator makes, written out in full.

A change here is a change of what runs in users' clusters: a new pod template restarts their pods.
Write the files anew with `SLIPWAY_UPDATE_GOLDEN=1 pytest tests/unit/controller/desired`.
"""

import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
import yaml

from controller_testing.samples import DEFAULTS, NOW, OWNER, spec
from slipway_operator.api.v1alpha1 import Autoscaling, ServiceSpec
from slipway_operator.desired.autoscaler import build_autoscaler
from slipway_operator.desired.budget import build_budget
from slipway_operator.desired.controllerrevision import build_controller_revision
from slipway_operator.desired.deployment import build_deployment
from slipway_operator.desired.networkpolicy import build_network_policy
from slipway_operator.desired.revisions import Revision, new_revision
from slipway_operator.desired.services import (
    Entry,
    build_entry_service,
    build_revision_service,
)
from slipway_operator.objects import Obj

GOLDEN = Path(__file__).parent / "golden"

EVERYTHING = spec(
    "digits",
    runtime={
        "image": "registry.example.com/mine@sha256:" + "0" * 64,
        "resources": {
            "requests": {"cpu": "500m", "memory": "256Mi"},
            "limits": {"memory": "512Mi"},
        },
        "accelerator": {"resource": "nvidia.com/gpu", "count": 2},
        "warmup": {"requests": 0},
        "env": [{"name": "B", "value": "2"}, {"name": "A"}],
        "placement": {
            "nodeSelector": {"pool": "gpu"},
            "tolerations": [{"key": "nvidia.com/gpu", "operator": "Exists"}],
            "affinity": {
                "podAntiAffinity": {
                    "preferredDuringSchedulingIgnoredDuringExecution": [
                        {
                            "weight": 1,
                            "podAffinityTerm": {"topologyKey": "kubernetes.io/hostname"},
                        }
                    ]
                }
            },
            "topologySpreadConstraints": [
                {
                    "maxSkew": 1,
                    "topologyKey": "topology.kubernetes.io/zone",
                    "whenUnsatisfiable": "ScheduleAnyway",
                }
            ],
            "priorityClassName": "high",
            "runtimeClassName": "nvidia",
        },
    },
)
EVERYTHING["model"] |= {
    "inputs": [{"name": "X", "range": [0, 16], "features": ["a", "b"]}],
    "credentials": {"secretName": "store"},
}
FROM_VOLUME = spec()
FROM_VOLUME["model"] |= {"uri": "pvc://models/iris/model.onnx"}
FROM_IMAGE = {"model": {"uri": f"oci://registry.example.com/iris@sha256:{'1' * 64}#m.onnx"}}


def revision(raw: Obj) -> Revision:
    return new_revision(raw, 1, DEFAULTS)


CASES: dict[str, Callable[[], Obj]] = {
    "deployment-plain": lambda: build_deployment(OWNER, revision(spec()), 2),
    "deployment-everything": lambda: build_deployment(
        OWNER, revision(EVERYTHING), None, {"serving.slipway.dev/started-at": "..."}
    ),
    "deployment-from-volume": lambda: build_deployment(OWNER, revision(FROM_VOLUME), 1),
    "deployment-from-image": lambda: build_deployment(OWNER, revision(FROM_IMAGE), 1),
    "controllerrevision": lambda: build_controller_revision(OWNER, revision(EVERYTHING)),
    "service-entry": lambda: build_entry_service(
        OWNER,
        ServiceSpec.model_validate({"type": "NodePort", "port": 8000, "annotations": {"a": "b"}}),
        Entry("0a1b2c3d", promoted_at=NOW - timedelta(minutes=1), previous="4e5f6a7b"),
    ),
    "service-revision": lambda: build_revision_service(OWNER, "0a1b2c3d"),
    "autoscaler": lambda: build_autoscaler(
        OWNER,
        "0a1b2c3d",
        Autoscaling.model_validate(
            {
                "minReplicas": 2,
                "maxReplicas": 5,
                "metrics": [{"type": "CPU", "target": 80}, {"type": "Memory", "target": 70}],
            }
        ),
    ),
    "budget": lambda: build_budget(OWNER, "0a1b2c3d"),
    "networkpolicy": lambda: build_network_policy(OWNER),
}


@pytest.mark.parametrize("name", CASES)
def test_the_object_is_the_golden_one(name: str) -> None:
    made, file = CASES[name](), GOLDEN / f"{name}.yaml"
    if os.environ.get("SLIPWAY_UPDATE_GOLDEN"):
        file.write_text(yaml.safe_dump(made, sort_keys=False))
    assert made == yaml.safe_load(file.read_text())


def test_no_golden_file_is_left_over() -> None:
    assert {file.stem for file in GOLDEN.iterdir()} == set(CASES)
