"""Fifty models at rest: the operator writes nothing but its Lease, and stays small."""

import json
import re
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from slipway_testing.cluster import ROOT, Cluster, Obj
from slipway_testing.operators import NAMESPACE, operator_pods
from slipway_testing.scene import Model, adder
from slipway_testing.waiting import eventually

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(600)]
MODELS = 50
REST_SECONDS = 120
WRITES = {"create", "update", "patch", "delete", "deletecollection"}


def test_fifty_models_at_rest_cost_no_write(
    cluster: Cluster, namespace: str, store: str, fake_node: Obj
) -> None:
    audit = audit_log()
    spec = adder(store, 1)
    spec["runtime"]["placement"] = fake_node
    models = [Model(cluster, namespace, f"m{i:02}").apply(spec) for i in range(MODELS)]
    for model in models:
        model.becomes_ready(within=180)
    places = {namespace, NAMESPACE}
    eventually(lambda: _assert_quiet(audit, places), within=60, every=1)

    start = audit.stat().st_size
    time.sleep(REST_SECONDS)

    counted = writes(audit, start, places)
    assert counted.pop("leases", 0) > 0, "the audit log shows no renewal: is it being read?"
    assert not counted
    memory = {pod: resident_megabytes(cluster, pod) for pod in _names(cluster)}
    print(f"operator's resident memory with {MODELS} models, MB: {memory}")
    assert max(memory.values()) < 120


def audit_log() -> Path:
    """Where the API server writes who did what."""
    told = subprocess.run(
        [sys.executable, "-m", "localcluster", "status", "--json"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    where = json.loads(told.stdout or "{}").get("auditLog")
    if not where:
        pytest.skip("NOT CHECKED: this cluster gives no access to its API server's audit log")
    return Path(where)


def writes(audit: Path, start: int, places: set[str]) -> Counter[str]:
    """The operator's writes in these namespaces since that byte of the log, by resource."""
    counted: Counter[str] = Counter()
    with audit.open("rb") as log:
        log.seek(start)
        for line in log:
            entry = json.loads(line)
            if (
                entry["user"]["username"] == f"system:serviceaccount:{NAMESPACE}:slipway-operator"
                and entry["verb"] in WRITES
                and entry["stage"] == "ResponseComplete"
                and entry["objectRef"].get("namespace") in places
            ):
                counted[entry["objectRef"]["resource"]] += 1
    return counted


def resident_megabytes(cluster: Cluster, pod: str) -> float:
    """What the operator's own metrics say it occupies."""
    path = f"/api/v1/namespaces/{NAMESPACE}/pods/{pod}:8081/proxy/metrics"
    found = re.search(r"^process_resident_memory_bytes (\S+)", cluster.text(path), re.MULTILINE)
    assert found, "no process_resident_memory_bytes in the operator's metrics"
    return float(found[1]) / 1e6


def _assert_quiet(audit: Path, places: set[str]) -> None:
    start = audit.stat().st_size
    time.sleep(5)
    counted = writes(audit, start, places)
    del counted["leases"]
    assert not counted, dict(counted)


def _names(cluster: Cluster) -> list[str]:
    return [pod["metadata"]["name"] for pod in operator_pods(cluster)]
