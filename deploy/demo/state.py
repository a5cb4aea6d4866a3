"""What a ModelDeployment and its pods say of themselves: pure functions over plain objects."""

from typing import Any

from deploy.demo.picture import Pod

Obj = dict[str, Any]
REVISION = "serving.slipway.dev/revision"


def is_ready(model: Obj, version: str) -> bool:
    """Whether the present spec is live and this version is the one that serves."""
    status = model.get("status", {})
    ready = any(
        condition["type"] == "Ready" and condition["status"] == "True"
        for condition in status.get("conditions", [])
    )
    seen = status.get("observedGeneration") == model["metadata"]["generation"]
    return ready and seen and status.get("stable", {}).get("version") == version


def versions(model: Obj) -> dict[str, str]:
    """Which version each revision is, as far as the status tells."""
    status = model.get("status", {})
    sides = (status.get("stable") or {}, status.get("candidate") or {})
    return {side["revision"]: side.get("version", "") for side in sides if "revision" in side}


def phase(model: Obj) -> str:
    """The state in one word."""
    word: str = model.get("status", {}).get("phase", "")
    return word


def message(model: Obj) -> str:
    """The state in a sentence."""
    sentence: str = model.get("status", {}).get("message", "")
    return sentence


def to_pod(pod: Obj, known: dict[str, str]) -> Pod:
    """One pod, by the version that it serves."""
    conditions = pod.get("status", {}).get("conditions", [])
    return Pod(
        version=known.get(pod["metadata"]["labels"][REVISION], ""),
        ready=any(c["type"] == "Ready" and c["status"] == "True" for c in conditions),
        leaving="deletionTimestamp" in pod["metadata"],
    )
