"""Reads one ModelDeployment and all that belongs to it, live: no cache can be stale.

It also says what belongs to whom. It never writes.
"""

import asyncio
from dataclasses import dataclass

from slipway_operator.api import KIND
from slipway_operator.desired.labels import MANAGED_BY, MANAGER, children_selector
from slipway_operator.kube import Kube
from slipway_operator.objects import (
    CHILDREN,
    ENDPOINT_SLICE,
    POD,
    Obj,
    Owner,
    controller_of,
    labels_of,
    ref_of,
)
from slipway_operator.strategy.observed import Observed


@dataclass(frozen=True, slots=True)
class Stranger:
    """An object with a name that is needed, and whether it is a leftover about to vanish."""

    words: str
    is_leftover: bool


async def observe(kube: Kube, owner: Owner) -> Observed:
    """Read everything that carries the owner's label."""
    kinds = (*CHILDREN, POD, ENDPOINT_SLICE)
    selector = children_selector(owner)
    *lists, pods, slices = await asyncio.gather(
        *(kube.select(kind, owner.namespace, selector) for kind in kinds)
    )
    own = (obj for items in lists for obj in items if belongs_to(owner, obj))
    return Observed(owner, {ref_of(obj): obj for obj in own}, tuple(pods), tuple(slices))


def belongs_to(owner: Owner, obj: Obj) -> bool:
    """Tell whether an object is the owner's child.

    A child that lost its owner (`kubectl delete --cascade=orphan`) still says who made it, and is
    taken back. A child of somebody else never is.
    """
    controller = controller_of(obj)
    if controller is None:
        return labels_of(obj).get(MANAGED_BY) == MANAGER
    return bool(controller["uid"] == owner.uid)


def stranger(owner: Owner, obj: Obj) -> Stranger:
    """Describe an object that has a name which is needed but does not belong to the owner."""
    controller = controller_of(obj)
    words = f"{obj['kind']} {obj['metadata']['name']} exists already and "
    if controller is None:
        return Stranger(words + "was not made by Slipway", is_leftover=False)
    of_same_name = controller["kind"] == KIND and controller["name"] == owner.name
    return Stranger(words + f"belongs to {controller['kind']} {controller['name']}", of_same_name)
