"""A model store inside the cluster: a web server over a ConfigMap, on the runtime image."""

import base64
from pathlib import Path

from slipway_testing.cluster import ROOT, Cluster, Obj, obj
from slipway_testing.models import Artifact
from slipway_testing.waiting import eventually

RESTRICTED_POD = {
    "runAsNonRoot": True,
    "runAsUser": 65532,
    "runAsGroup": 65532,
    "fsGroup": 65532,
    "seccompProfile": {"type": "RuntimeDefault"},
}
RESTRICTED = {
    "allowPrivilegeEscalation": False,
    "readOnlyRootFilesystem": True,
    "capabilities": {"drop": ["ALL"]},
}


def image(kind: str) -> str:
    """The image that `make images` built: kind is "OPERATOR" or "RUNTIME"."""
    lines = (ROOT / ".local" / "images.env").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines)[f"{kind}_IMAGE"]


def open_store(cluster: Cluster, namespace: str, artifacts: list[Artifact]) -> str:
    """Serve the artifacts; return the address that a model URI begins with."""
    files = {a.name: base64.b64encode(a.content).decode() for a in artifacts}
    cluster.apply(obj("ConfigMap", namespace, "models", binaryData=files))
    labels = {"app": "models"}
    cluster.apply(
        obj(
            "Deployment",
            namespace,
            "models",
            spec={
                "selector": {"matchLabels": labels},
                "template": {"metadata": {"labels": labels}, "spec": _pod()},
            },
        )
    )
    port = {"port": 80, "targetPort": 8000}
    cluster.apply(obj("Service", namespace, "models", spec={"selector": labels, "ports": [port]}))
    eventually(lambda: _assert_available(cluster, namespace))
    return f"http://models.{namespace}.svc"


def example(name: str, file: str = "model.onnx") -> Artifact:
    """The trained model of one of the examples."""
    path: Path = ROOT / "deploy" / "examples" / name / file
    return Artifact(f"{name}-{file}", path.read_bytes())


def _pod() -> Obj:
    return {
        "automountServiceAccountToken": False,
        "securityContext": RESTRICTED_POD,
        "containers": [
            {
                "name": "web",
                "image": image("RUNTIME"),
                "command": ["/opt/slipway/bin/python", "-m", "http.server", "-d", "/models"],
                "readinessProbe": {"httpGet": {"path": "/", "port": 8000}, "periodSeconds": 1},
                "securityContext": RESTRICTED,
                "volumeMounts": [{"name": "models", "mountPath": "/models"}],
            }
        ],
        "volumes": [{"name": "models", "configMap": {"name": "models"}}],
    }


def _assert_available(cluster: Cluster, namespace: str) -> None:
    deployment = cluster.get("Deployment", namespace, "models")
    available = (deployment or {}).get("status", {}).get("availableReplicas", 0)
    assert available, "the model store has no ready pod"
