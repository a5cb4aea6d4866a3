"""The ControllerRevision: a revision's exact content, kept after the custom resource was edited.

Its data can never change; a revision whose ControllerRevision is lost cannot be rebuilt.
"""

from dataclasses import asdict

from slipway_operator.desired.labels import REVISION_LABEL, child, metadata
from slipway_operator.desired.names import child_name
from slipway_operator.desired.revisions import Defaults, Revision
from slipway_operator.objects import CONTROLLER_REVISION, Obj, Owner, labels_of


def build_controller_revision(owner: Owner, revision: Revision) -> Obj:
    """Return the ControllerRevision of a revision."""
    return child(
        CONTROLLER_REVISION,
        metadata(owner, child_name(owner.name, revision.name), revision.name),
        revision=revision.number,
        data={
            "model": revision.model,
            "runtime": revision.runtime,
            "defaults": asdict(revision.defaults),
        },
    )


def read_controller_revision(obj: Obj) -> Revision:
    """Return the revision that a ControllerRevision keeps."""
    data = obj["data"]
    return Revision(
        name=labels_of(obj)[REVISION_LABEL],
        number=obj["revision"],
        model=data["model"],
        runtime=data["runtime"],
        defaults=Defaults(**data["defaults"]),
    )
