"""The PodDisruptionBudget: a drained node takes the serving pods one at a time.

It selects the entry's pods alone, so that a candidate's broken pods never hold up a drain, and it
allows one disruption even of one pod: a model with one replica must not block a node for ever.
"""

from slipway_operator.desired.labels import child, metadata, selector
from slipway_operator.desired.names import child_name
from slipway_operator.objects import BUDGET, Obj, Owner


def build_budget(owner: Owner, revision: str) -> Obj:
    """Return the budget for the pods that serve."""
    return child(
        BUDGET,
        metadata(owner, child_name(owner.name)),
        spec={
            "maxUnavailable": 1,
            "selector": {"matchLabels": selector(owner, revision)},
            "unhealthyPodEvictionPolicy": "AlwaysAllow",
        },
    )
