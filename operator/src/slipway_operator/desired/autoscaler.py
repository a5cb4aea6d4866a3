"""The HorizontalPodAutoscaler of the serving revision.

While it exists, the operator leaves `spec.replicas` of the Deployment alone.
"""

from typing import Final

from slipway_operator.api.v1alpha1 import Autoscaling, Metric, MetricType
from slipway_operator.desired.labels import child, metadata
from slipway_operator.desired.names import child_name
from slipway_operator.objects import AUTOSCALER, DEPLOYMENT, Obj, Owner

_RESOURCES: Final = {MetricType.CPU: "cpu", MetricType.MEMORY: "memory"}


def build_autoscaler(owner: Owner, revision: str, autoscaling: Autoscaling) -> Obj:
    """Return the autoscaler of a revision's Deployment."""
    name = child_name(owner.name, revision)
    return child(
        AUTOSCALER,
        metadata(owner, name, revision),
        spec={
            "scaleTargetRef": {
                "apiVersion": DEPLOYMENT.api_version,
                "kind": DEPLOYMENT.kind,
                "name": name,
            },
            "minReplicas": autoscaling.min_replicas,
            "maxReplicas": autoscaling.max_replicas,
            "metrics": [_metric(metric) for metric in autoscaling.metrics],
        },
    )


def _metric(metric: Metric) -> Obj:
    target = {"type": "Utilization", "averageUtilization": metric.target}
    return {"type": "Resource", "resource": {"name": _RESOURCES[metric.type], "target": target}}
