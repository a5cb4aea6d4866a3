"""From what Kubernetes says about pods to a reason in plain words."""

import json
from typing import Any

import pytest

from slipway_operator.api.reasons import Reason
from slipway_operator.diagnosis import Fault, diagnose
from slipway_operator.objects import Obj


def pod(**status: Any) -> Obj:
    container = {"name": "runtime", "resources": {"limits": {"memory": "256Mi"}}}
    return {"metadata": {"name": "p"}, "spec": {"containers": [container]}, "status": status}


def container(name: str = "runtime", **state: Any) -> Obj:
    return {"name": name, "image": "runtime:1", "state": state, "lastState": {}}


def ended(message: str = "", *, code: int = 1, reason: str = "Error") -> Obj:
    return {"terminated": {"exitCode": code, "reason": reason, "message": message}}


def told(reason: str, message: str) -> str:
    return json.dumps({"reason": reason, "message": message})


def found(*pods: Obj, deployment: Obj | None = None, has_served: bool = False) -> Fault:
    fault = diagnose(deployment, pods, has_served=has_served)
    assert fault is not None
    return fault


def refused(message: str) -> Obj:
    condition = {"type": "ReplicaFailure", "status": "True", "message": message}
    return {"status": {"conditions": [condition]}}


@pytest.mark.parametrize("reason", ["ModelNotFound", "ChecksumMismatch", "SourceRefused"])
def test_the_fetching_containers_own_words_are_used(reason: str) -> None:
    status = container("fetch", **ended(told(reason, "the file said so")))

    fault = found(pod(initContainerStatuses=[status]))

    assert fault == Fault(Reason(reason), "the file said so")
    assert fault.is_final


def test_the_words_of_the_last_attempt_stay_while_the_next_one_runs() -> None:
    again = {**container(running={}), "lastState": ended(told("LoadFailed", "no such operator"))}

    assert found(pod(containerStatuses=[again])).message == "no such operator"


def test_trouble_with_the_network_is_no_final_fault() -> None:
    status = container("fetch", **ended(told("FetchFailed", "connection refused")))

    assert not found(pod(initContainerStatuses=[status])).is_final


def test_a_crash_without_a_reason_shows_the_last_line() -> None:
    fault = found(pod(containerStatuses=[container(**ended("Traceback\nImportError: x"))]))

    assert fault.reason is Reason.CRASHED
    assert fault.message == "Container runtime ended with exit code 1: ImportError: x"


def test_a_reason_nobody_knows_is_a_crash() -> None:
    fault = found(pod(containerStatuses=[container(**ended(told("Sabotage", "ha")))]))

    assert fault.reason is Reason.CRASHED


@pytest.mark.parametrize(
    ("has_served", "reason"), [(False, Reason.LOAD_FAILED), (True, Reason.OUT_OF_MEMORY)]
)
def test_a_pod_killed_for_memory_names_its_limit_and_what_to_raise(
    has_served: bool, reason: Reason
) -> None:
    killed = pod(containerStatuses=[container(**ended(code=137, reason="OOMKilled"))])

    fault = found(killed, has_served=has_served)

    assert fault.reason is reason
    assert "256Mi" in fault.message
    assert "spec.runtime.resources.limits.memory" in fault.message


@pytest.mark.parametrize(
    "waiting",
    [
        {"reason": "ErrImagePull", "message": "rpc error: not found"},
        {
            "reason": "ImagePullBackOff",
            "message": 'Back-off pulling image "runtime:1": ErrImagePull: rpc error: not found',
        },
    ],
)
def test_an_image_that_cannot_be_pulled_is_told_in_the_same_words_at_each_retry(
    waiting: Obj,
) -> None:
    fault = found(pod(containerStatuses=[container(waiting=waiting)]))

    assert fault.reason is Reason.IMAGE_PULL_FAILED
    assert fault.message == "Image runtime:1 cannot be pulled: rpc error: not found"


def test_a_missing_secret_is_named() -> None:
    waiting = {"reason": "CreateContainerConfigError", "message": 'secret "store" not found'}

    fault = found(pod(initContainerStatuses=[container("fetch", waiting=waiting)]))

    assert fault.reason is Reason.SECRET_NOT_FOUND
    assert '"store"' in fault.message


@pytest.mark.parametrize(
    ("words", "reason", "plain"),
    [
        (
            "0/3 nodes are available: 3 Insufficient nvidia.com/gpu. preemption: 0/3 nodes ...",
            Reason.UNSCHEDULABLE,
            "No node has a free nvidia.com/gpu; ask for fewer or add such nodes",
        ),
        (
            "0/3 nodes are available: 1 Insufficient memory, 2 Insufficient cpu.",
            Reason.UNSCHEDULABLE,
            "No node has enough free cpu and memory; lower the requests or add nodes",
        ),
        (
            "0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector.",
            Reason.UNSCHEDULABLE,
            "No node can take the pod",
        ),
        (
            'persistentvolumeclaim "models" not found',
            Reason.VOLUME_FAILED,
            "The model's volume is not available",
        ),
    ],
)
def test_a_pod_that_no_node_takes_is_told_in_plain_words(
    words: str, reason: Reason, plain: str
) -> None:
    condition = {"type": "PodScheduled", "status": "False", "message": words}

    fault = found(pod(conditions=[condition]))

    assert fault.reason is reason
    assert fault.message.startswith(plain)
    assert "preemption" not in fault.message


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ('pods "a-1" is forbidden: exceeded quota: team, requested: cpu=1', Reason.QUOTA_EXCEEDED),
        ('pods "a-1" is forbidden: violates PodSecurity "restricted"', Reason.POD_REFUSED),
        ('admission webhook "w" denied the request: no', Reason.POD_REFUSED),
    ],
)
def test_pods_that_are_refused_are_told_without_their_changing_names(
    words: str, reason: Reason
) -> None:
    fault = found(deployment=refused(words))

    assert fault.reason is reason
    assert "a-1" not in fault.message


def test_ready_pods_have_no_faults() -> None:
    once_crashed = {**container(running={}), "lastState": ended("boom")}
    ready = pod(conditions=[{"type": "Ready", "status": "True"}], containerStatuses=[once_crashed])

    assert diagnose(None, [ready], has_served=True) is None


def test_a_pod_that_simply_starts_has_no_fault() -> None:
    waiting = {"reason": "PodInitializing"}

    assert (
        diagnose(None, [pod(containerStatuses=[container(waiting=waiting)])], has_served=False)
        is None
    )


def test_what_waiting_cannot_cure_is_told_first() -> None:
    network = pod(initContainerStatuses=[container("fetch", **ended(told("FetchFailed", "a")))])
    content = pod(initContainerStatuses=[container("fetch", **ended(told("FormatRejected", "b")))])

    assert found(network, content).reason is Reason.FORMAT_REJECTED
    assert found(content, network).reason is Reason.FORMAT_REJECTED


def test_words_are_cut_before_they_are_too_long_for_a_condition() -> None:
    fault = found(pod(containerStatuses=[container(**ended(told("LoadFailed", "x" * 5000)))]))

    assert len(fault.message) <= 1000
