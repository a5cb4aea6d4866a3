"""How many pods each revision gets, and when that is an autoscaler's business.

With autoscaling the operator never owns the count of the serving revision. A candidate starts with
no fewer pods than the stable has, so that it can carry at once what the stable carries.
"""

from slipway_operator.api.v1alpha1 import Autoscaling, ModelDeploymentSpec
from slipway_operator.strategy.observed import Facts


def candidate_replicas(spec: ModelDeploymentSpec, stable: Facts, candidate: Facts) -> int:
    """Return how many pods a candidate must have before it takes over."""
    if spec.autoscaling is None:
        return spec.fixed_replicas
    return _clamped(spec.autoscaling, max(stable.replicas, candidate.replicas))


def stable_replicas(spec: ModelDeploymentSpec, facts: Facts, last_known: int) -> int | None:
    """Return the serving revision's pods; `None` leaves them to the autoscaler.

    An autoscaler cannot start from nothing, so an absent Deployment starts with the last known
    count and an empty one with the minimum.
    """
    if spec.autoscaling is None:
        return spec.fixed_replicas
    if facts.exists and facts.replicas:
        return None
    return _clamped(spec.autoscaling, 0 if facts.exists else last_known)


def previous_replicas(spec: ModelDeploymentSpec) -> int | None:
    """Return the pods of a revision that is kept warm; `None` leaves the count as it is."""
    return spec.fixed_replicas if spec.autoscaling is None else None


def _clamped(autoscaling: Autoscaling, count: int) -> int:
    return min(max(count, autoscaling.min_replicas), autoscaling.max_replicas)
