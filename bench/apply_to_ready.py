"""From `kubectl apply` to Ready: how long it takes, and where the time goes.

Applies a fresh ModelDeployment several times on the current cluster (images are on the node) and
notes when each stage is first seen. It prints medians; it never judges.
"""

import argparse
import statistics
import time
import uuid
from collections.abc import Callable

from slipway_testing.cluster import Cluster, Obj, current_cluster, obj
from slipway_testing.scene import Model, spec_for
from slipway_testing.store import example, open_store

Stage = Callable[[Model, list[Obj]], bool]


def _pod_condition(kind: str) -> Stage:
    return lambda _, pods: any(
        condition["type"] == kind and condition["status"] == "True"
        for pod in pods
        for condition in pod.get("status", {}).get("conditions", [])
    )


def _container_state(group: str, state: str) -> Stage:
    return lambda _, pods: any(
        state in status.get("state", {})
        for pod in pods
        for status in pod.get("status", {}).get(group, [])
    )


STAGES: dict[str, Stage] = {
    "operator: pod exists": lambda _, pods: bool(pods),
    "scheduler: pod has a node": _pod_condition("PodScheduled"),
    "kubelet: fetch runs": _container_state("initContainerStatuses", "running"),
    "fetch: model verified": _container_state("initContainerStatuses", "terminated"),
    "kubelet: runtime runs": _container_state("containerStatuses", "running"),
    "runtime: loaded, warmed, ready": _pod_condition("Ready"),
    "operator: Ready is True": lambda model, _: model.condition("Ready").get("status") == "True",
}


def main() -> None:
    """Measure and print the table."""
    options = _options()
    cluster = current_cluster()
    namespace = f"bench-{uuid.uuid4().hex[:6]}"
    cluster.apply(obj("Namespace", None, namespace))
    try:
        iris = example("iris")
        spec = spec_for(f"{open_store(cluster, namespace, [iris])}/{iris.name}", iris)
        runs = [_one_run(cluster, namespace, f"run-{i}", spec) for i in range(options.runs)]
    finally:
        cluster.delete("Namespace", None, namespace)
    print(f"{'seconds since apply':34} {'median':>7} {'min':>7} {'max':>7}")
    for stage in STAGES:
        seen = [run[stage] for run in runs]
        print(f"{stage:34} {statistics.median(seen):7.2f} {min(seen):7.2f} {max(seen):7.2f}")


def _one_run(cluster: Cluster, namespace: str, name: str, spec: Obj) -> dict[str, float]:
    model = Model(cluster, namespace, name)
    began = time.monotonic()
    model.apply(spec)
    seen: dict[str, float] = {}
    while len(seen) < len(STAGES):
        if time.monotonic() - began > 120:
            raise SystemExit(f"{name} is not Ready after 120 s: {model.status.get('message')}")
        pods = model.pods()
        for stage, holds in STAGES.items():
            if stage not in seen and holds(model, pods):
                seen[stage] = time.monotonic() - began
        time.sleep(0.02)
    model.delete()
    return seen


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="example: make bench",
    )
    parser.add_argument("--runs", type=int, default=7, help="how many models to apply (default 7)")
    return parser.parse_args()


if __name__ == "__main__":
    main()
