"""The Deployment of one revision.

Pods are replaced within a revision only when a node or a hand takes them away; a new model is a new
revision and so a new Deployment. Whether and how many pods run is decided in `strategy`.
"""

from collections.abc import Mapping

from slipway_operator.desired.labels import child, metadata, selector
from slipway_operator.desired.names import child_name
from slipway_operator.desired.pod import build_pod_template
from slipway_operator.desired.revisions import Revision
from slipway_operator.objects import DEPLOYMENT, Obj, Owner


def build_deployment(
    owner: Owner,
    revision: Revision,
    replicas: int | None,
    annotations: Mapping[str, str] | None = None,
) -> Obj:
    """Return the Deployment of a revision; `None` replicas belong to an autoscaler."""
    return child(
        DEPLOYMENT,
        metadata(owner, child_name(owner.name, revision.name), revision.name, annotations),
        spec={
            **({} if replicas is None else {"replicas": replicas}),
            "revisionHistoryLimit": 1,
            "selector": {"matchLabels": selector(owner, revision.name)},
            "strategy": {
                "type": "RollingUpdate",
                "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0},
            },
            "template": build_pod_template(owner, revision),
        },
    )
