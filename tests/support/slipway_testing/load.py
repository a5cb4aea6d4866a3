"""Users at work: a pod that sends requests to a model's entry Service and counts the answers."""

import json
import uuid

from slipway_testing.cluster import ROOT, Cluster, Obj, obj
from slipway_testing.scene import ROW, Model
from slipway_testing.store import RESTRICTED, RESTRICTED_POD, image
from slipway_testing.waiting import eventually

SCRIPT = ROOT / "deploy" / "demo" / "load.py"


class Load:
    """One run of the load generator; half of its connections are kept alive, half are fresh."""

    def __init__(self, model: Model, *, rate: int, seconds: int) -> None:
        self._cluster: Cluster = model.cluster
        self._namespace = model.namespace
        self._pod = f"load-{uuid.uuid4().hex[:6]}"
        self._seconds = seconds
        url = f"http://{model.entry_name}/v2/models/{model.name}/infer"
        self._cluster.apply(
            obj("ConfigMap", self._namespace, self._pod, data={"load.py": SCRIPT.read_text()})
        )
        self._cluster.apply(
            obj("Pod", self._namespace, self._pod, spec=_pod(self._pod, url, rate, seconds))
        )
        eventually(self._assert_answered)

    def summary(self) -> Obj:
        """What it counted, once it has ended."""
        eventually(self._assert_ended, within=self._seconds + 60, every=0.5)
        found: Obj = self._lines()[-1]
        return found

    def then_no_request_failed(self) -> None:
        """Every request was answered, and there were enough to mean something."""
        summary = self.summary()
        assert summary["failed"] == 0, summary
        assert summary["ok"] > self._seconds, summary

    def _lines(self) -> list[Obj]:
        written = self._cluster.logs(self._namespace, self._pod)
        return [json.loads(line) for line in written.splitlines() if line.startswith("{")]

    def _assert_answered(self) -> None:
        lines = self._lines()
        assert lines, "no request has been answered yet"
        assert lines[-1]["ok"] > 0, lines[-1]

    def _assert_ended(self) -> None:
        pod = self._cluster.get("Pod", self._namespace, self._pod)
        assert pod is not None
        assert pod["status"]["phase"] in ("Succeeded", "Failed"), "the load is still running"


def _pod(name: str, url: str, rate: int, seconds: int) -> Obj:
    payload = {"inputs": [{"name": "X", "shape": [1, 4], "datatype": "FP32", "data": ROW}]}
    return {
        "restartPolicy": "Never",
        "automountServiceAccountToken": False,
        "securityContext": RESTRICTED_POD,
        "containers": [
            {
                "name": "load",
                "image": image("RUNTIME"),
                "command": ["/opt/slipway/bin/python", "-u", "/load/load.py"],
                "args": [
                    *("--url", url),
                    *("--rate", str(rate)),
                    *("--duration", str(seconds)),
                    *("--payload", json.dumps(payload)),
                ],
                "securityContext": RESTRICTED,
                "volumeMounts": [{"name": "load", "mountPath": "/load"}],
            }
        ],
        "volumes": [{"name": "load", "configMap": {"name": name}}],
    }
