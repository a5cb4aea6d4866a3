"""What the node does for pods: limits, names, image volumes, admission, and no way out."""

import json
import textwrap
from collections.abc import Iterator
from typing import Any

import pytest

from localcluster import images
from localcluster.native import Native
from localcluster_testing.node import Node, eventually

RUNTIME = images.OURS[1]
BURN = """
    import time
    end = time.monotonic() + 2
    while time.monotonic() < end:
        pass
    print(time.process_time())
"""
LOOK_UP = """
    import socket
    for name in ("kubernetes", "kubernetes.default.svc.cluster.local", "example.com"):
        try:
            print(socket.gethostbyname(name))
        except OSError as error:
            print(error.args[0] == socket.EAI_NONAME)
"""
LEAVE = """
    import errno, socket, time
    began = time.monotonic()
    try:
        socket.create_connection(("192.0.2.77", 80), timeout=5)
    except OSError as error:
        print(errno.errorcode[error.errno], time.monotonic() - began < 1)
"""


@pytest.fixture(scope="module")
def runtime(fresh_machine: Node) -> Iterator[str]:
    """The runtime's image, on the node: it has a Python to look around with."""
    fresh_machine.tell("up")
    native = Native(fresh_machine.instance)
    reference = images.reference(RUNTIME, native.base)
    native.add_image(RUNTIME, reference)
    # Begun here, so that nobody has to wait for the metrics of it.
    busy = {"limits": {"cpu": "100m"}}
    pod = Python(fresh_machine, reference).pod("busy", "while True: pass", resources=busy)
    fresh_machine.apply(pod)
    yield reference
    fresh_machine.tell("down")


@pytest.fixture
def python(fresh_machine: Node, runtime: str) -> "Python":
    return Python(fresh_machine, runtime)


class Python:
    """Runs a few lines of Python in a pod."""

    def __init__(self, node: Node, image: str) -> None:
        self.node = node
        self._image = image

    def pod(self, name: str, lines: str, **container: Any) -> dict[str, Any]:
        command = ["/opt/slipway/bin/python", "-c", textwrap.dedent(lines)]
        main = {"name": "main", "image": self._image, "command": command, **container}
        return {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": name},
            "spec": {
                "containers": [main],
                "restartPolicy": "Never",
                "terminationGracePeriodSeconds": 0,
            },
        }

    def prints(self, name: str, lines: str, **container: Any) -> str:
        pod = self.node.run_pod(self.pod(name, lines, **container))
        assert pod["status"]["phase"] == "Succeeded", pod["status"]
        return self.node.kubectl("logs", name)


@pytest.mark.xdist_group("second-cluster")
@pytest.mark.cluster
def test_a_pod_never_gets_more_processor_than_its_limit(python: Python) -> None:
    used = float(python.prints("burner", BURN, resources={"limits": {"cpu": "200m"}}))
    assert used < 2 * 0.2 * 1.5  # of two seconds; it would be two without a limit


@pytest.mark.xdist_group("second-cluster")
@pytest.mark.cluster
def test_a_pod_above_its_memory_limit_is_killed_for_it(python: Python) -> None:
    limits = {"limits": {"memory": "64Mi"}}
    pod = python.node.run_pod(python.pod("glutton", "bytearray(300_000_000)", resources=limits))
    ended = pod["status"]["containerStatuses"][0]["state"]["terminated"]
    assert ended["reason"] == "OOMKilled"


@pytest.mark.xdist_group("second-cluster")
@pytest.mark.cluster
def test_pods_resolve_services_and_no_other_name(python: Python) -> None:
    service = str(python.node.instance.api_service_address)
    assert python.prints("resolver", LOOK_UP).split() == [service, service, "True"]


@pytest.mark.xdist_group("second-cluster")
@pytest.mark.cluster
def test_a_pod_reaches_nothing_beyond_the_machine(python: Python) -> None:
    assert python.prints("leaver", LEAVE).split() == ["EHOSTUNREACH", "True"]


@pytest.mark.xdist_group("second-cluster")
@pytest.mark.cluster
def test_an_image_can_be_mounted_as_a_volume(python: Python) -> None:
    lines = "import os; print(os.listdir('/data'), os.access('/data', os.W_OK))"
    pod = python.pod("reader", lines, volumeMounts=[{"name": "data", "mountPath": "/data"}])
    source = {"reference": "localhost/pause:v0", "pullPolicy": "Never"}
    pod["spec"]["volumes"] = [{"name": "data", "image": source}]
    python.node.run_pod(pod)
    assert python.node.kubectl("logs", "reader").strip() == "['pause'] False"


@pytest.mark.xdist_group("second-cluster")
@pytest.mark.cluster
def test_a_program_can_be_run_in_a_pod(python: Python) -> None:
    python.node.apply(python.pod("host", "import time; time.sleep(600)"))
    python.node.kubectl("wait", "--for=condition=Ready", "pod/host", "--timeout=30s")
    words = ("exec", "host", "--", "/opt/slipway/bin/python", "-c", "print('inside')")
    assert python.node.kubectl(*words) == "inside\n"


@pytest.mark.xdist_group("second-cluster")
@pytest.mark.cluster
def test_the_restricted_standard_is_enforced(python: Python) -> None:
    python.node.kubectl("create", "namespace", "strict")
    label = "pod-security.kubernetes.io/enforce=restricted"
    python.node.kubectl("label", "namespace", "strict", label)
    pod = json.dumps(python.pod("lax", "pass"))
    refused = python.node.ask("-n", "strict", "apply", "-f", "-", stdin=pod)
    assert "violates PodSecurity" in refused.stderr


@pytest.mark.xdist_group("second-cluster")
@pytest.mark.cluster
def test_an_admission_policy_is_enforced(python: Python) -> None:
    rule = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"]}
    spec = {
        "matchConstraints": {"resourceRules": [{**rule, "resources": ["configmaps"]}]},
        "validations": [{"expression": "object.metadata.name != 'evil'", "message": "no evil"}],
    }
    policy = {"apiVersion": "admissionregistration.k8s.io/v1", "metadata": {"name": "no-evil"}}
    binding = {"policyName": "no-evil", "validationActions": ["Deny"]}
    python.node.apply(
        {**policy, "kind": "ValidatingAdmissionPolicy", "spec": spec},
        {**policy, "kind": "ValidatingAdmissionPolicyBinding", "spec": binding},
    )

    def refused() -> bool:
        answer = python.node.ask("create", "configmap", "evil", "--dry-run=server")
        return "no evil" in answer.stderr

    assert eventually(refused, 20)


@pytest.mark.xdist_group("second-cluster")
@pytest.mark.cluster
def test_every_write_stands_in_the_audit_log(python: Python) -> None:
    python.node.kubectl("create", "configmap", "witness")
    entries = [json.loads(line) for line in python.node.instance.audit_log.open()]
    seen = [
        entry["verb"]
        for entry in entries
        if (entry.get("objectRef") or {}).get("name") == "witness"
        and entry["responseStatus"]["code"] == 201
    ]
    assert seen == ["create"]


@pytest.mark.xdist_group("second-cluster")
@pytest.mark.cluster
def test_the_host_reaches_a_service_through_its_node(python: Python) -> None:
    node = python.node
    server = python.pod("web", "import runpy; runpy.run_module('http.server', run_name='__main__')")
    server["metadata"]["labels"] = {"app": "web"}
    node.apply(server)
    node.kubectl("expose", "pod", "web", "--port=80", "--target-port=8000", "--name=web")
    node.kubectl("wait", "--for=condition=Ready", "pod/web", "--timeout=30s")
    path = "/api/v1/namespaces/default/services/web:80/proxy/"
    assert eventually(lambda: "Directory listing" in node.ask("get", "--raw", path).stdout, 10)


@pytest.mark.xdist_group("second-cluster")
@pytest.mark.cluster
def test_a_busy_pod_is_measured(python: Python) -> None:
    def measured() -> str:
        return python.node.ask("top", "pod", "busy", "--no-headers").stdout

    _, processor, _ = eventually(measured, 45).split()
    assert 50 <= int(processor.removesuffix("m")) <= 150
