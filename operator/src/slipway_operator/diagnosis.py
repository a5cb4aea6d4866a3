"""Why a revision's pods are not ready: from what Kubernetes says to a reason in plain words.

Messages must not change from look to look while the trouble stays the same: whatever Kubernetes
varies at each retry (pods' names, back-off times) is left out. What to do about a fault is decided
elsewhere.
"""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from slipway_operator.api.reasons import Reason
from slipway_operator.desired.pod import RUNTIME
from slipway_operator.objects import Obj, is_ready

MAX_MESSAGE: Final = 1000

_REASONS: Final = {reason.value: reason for reason in Reason}
_FINAL: Final = frozenset(
    {
        Reason.MODEL_NOT_FOUND,
        Reason.CHECKSUM_MISMATCH,
        Reason.FORMAT_REJECTED,
        Reason.SOURCE_REFUSED,
        Reason.MODEL_TOO_LARGE,
        Reason.LOAD_FAILED,
        Reason.WARMUP_FAILED,
        Reason.ACCELERATOR_MISSING,
    }
)
_IMAGE_TROUBLE: Final = frozenset(
    {"ImagePullBackOff", "ErrImagePull", "ErrImageNeverPull", "InvalidImageName"}
)
_BACK_OFF: Final = re.compile(r'^Back-off pulling image "[^"]*"(: \w+: )?')
_POD_NAME: Final = re.compile(r'pods "[^"]*"')
_INSUFFICIENT: Final = re.compile(r"Insufficient ([\w./-]+[\w])")


@dataclass(frozen=True, slots=True)
class Fault:
    """What keeps a revision from being ready."""

    reason: Reason
    message: str

    @property
    def is_final(self) -> bool:
        """Whether waiting alone cannot help."""
        return self.reason in _FINAL


def diagnose(deployment: Obj | None, pods: Iterable[Obj], *, has_served: bool) -> Fault | None:
    """Return what keeps a revision's pods from being ready, the most telling fault first."""
    waiting = [pod for pod in pods if not is_ready(pod)]
    faults = [fault for pod in waiting for fault in _pod_faults(pod, has_served=has_served)]
    faults += _refused(deployment) if deployment else []
    return min(faults, key=_telling, default=None)


def _telling(fault: Fault) -> tuple[bool, int, str]:
    return (not fault.is_final, list(Reason).index(fault.reason), fault.message)


def _pod_faults(pod: Obj, *, has_served: bool) -> Iterator[Fault]:
    status = pod.get("status", {})
    for entry in status.get("initContainerStatuses") or ():
        yield from _container_faults(pod, entry, has_served=has_served)
    for entry in status.get("containerStatuses") or ():
        yield from _container_faults(pod, entry, has_served=has_served)
    yield from _unscheduled(pod)
    if status.get("phase") == "Failed" and status.get("message"):
        yield _fault(Reason.CRASHED, f"A pod was ended: {status['message']}")


def _container_faults(pod: Obj, entry: Obj, *, has_served: bool) -> Iterator[Fault]:
    waiting = entry.get("state", {}).get("waiting") or {}
    if waiting.get("reason") in _IMAGE_TROUBLE:
        yield _image_fault(entry, waiting)
    if waiting.get("reason") in ("CreateContainerConfigError", "CreateContainerError"):
        yield _config_fault(waiting.get("message", ""))
    ended = entry.get("state", {}).get("terminated") or entry.get("lastState", {}).get("terminated")
    if ended and ended.get("exitCode") != 0:
        yield _ended(pod, entry["name"], ended, has_served=has_served)


def _image_fault(entry: Obj, waiting: Obj) -> Fault:
    words = _BACK_OFF.sub("", waiting.get("message", "")) or waiting["reason"]
    return _fault(Reason.IMAGE_PULL_FAILED, f"Image {entry.get('image')} cannot be pulled: {words}")


def _config_fault(words: str) -> Fault:
    reason = Reason.SECRET_NOT_FOUND if words.startswith("secret ") else Reason.CRASHED
    return _fault(reason, f"A container cannot be started: {words}")


def _ended(pod: Obj, container: str, ended: Obj, *, has_served: bool) -> Fault:
    if ended.get("reason") == "OOMKilled":
        return _out_of_memory(pod, container, has_served=has_served)
    words = (ended.get("message") or "").strip()
    if told := _own_words(words):
        return told
    last_line = words.splitlines()[-1] if words else "it left no message"
    code = ended.get("exitCode")
    return _fault(Reason.CRASHED, f"Container {container} ended with exit code {code}: {last_line}")


def _own_words(text: str) -> Fault | None:
    """Read the reason that Slipway's own containers leave behind."""
    try:
        data = json.loads(text)
        return _fault(_REASONS[data["reason"]], str(data["message"]))
    except (ValueError, KeyError, TypeError):
        return None


def _out_of_memory(pod: Obj, container: str, *, has_served: bool) -> Fault:
    spec = pod["spec"]
    every = [*spec.get("initContainers", ()), *spec["containers"]]
    named: Obj = next((item for item in every if item["name"] == container), {})
    limit = named.get("resources", {}).get("limits", {}).get("memory", "of the node")
    loading = container == RUNTIME and not has_served
    doing = "while loading the model" if loading else "while serving"
    return _fault(
        Reason.LOAD_FAILED if loading else Reason.OUT_OF_MEMORY,
        f"Container {container} was killed {doing} because it needed more than its memory limit "
        f"{limit}; raise spec.runtime.resources.limits.memory",
    )


def _unscheduled(pod: Obj) -> Iterator[Fault]:
    for item in pod.get("status", {}).get("conditions") or ():
        if item["type"] == "PodScheduled" and item["status"] == "False":
            words = item.get("message", "").split(" preemption:")[0].rstrip(". ")
            yield _scheduling_fault(words)


def _scheduling_fault(words: str) -> Fault:
    if "persistentvolumeclaim" in words.lower():
        return _fault(Reason.VOLUME_FAILED, f"The model's volume is not available: {words}")
    missing = sorted(set(_INSUFFICIENT.findall(words)))
    devices = [name for name in missing if "/" in name]
    plain = "No node can take the pod"
    if devices:
        plain = f"No node has a free {' or '.join(devices)}; ask for fewer or add such nodes"
    elif missing:
        plain = f"No node has enough free {' and '.join(missing)}; lower the requests or add nodes"
    return _fault(Reason.UNSCHEDULABLE, f"{plain}. The scheduler says: {words}")


def _refused(deployment: Obj) -> list[Fault]:
    conditions = deployment.get("status", {}).get("conditions") or ()
    return [
        _refusal(_POD_NAME.sub("pods", item.get("message", "")))
        for item in conditions
        if item["type"] == "ReplicaFailure" and item["status"] == "True"
    ]


def _refusal(words: str) -> Fault:
    if "exceeded quota" in words:
        return _fault(Reason.QUOTA_EXCEEDED, f"The namespace's quota allows no more pods: {words}")
    return _fault(Reason.POD_REFUSED, f"The cluster refuses the pods: {words}")


def _fault(reason: Reason, message: str) -> Fault:
    return Fault(reason, message[:MAX_MESSAGE])
