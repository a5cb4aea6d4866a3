"""Why something is as it is: every reason of a condition, an event or a history entry.

The reference page is made from this enumeration, so each member says what happened and what to do.
It must not decide when a reason applies.
"""

from slipway_operator.api.described import Described


class Reason(Described):
    """Why something is as it is."""

    # The usual course
    ACCEPTED = ("Accepted", "The spec was seen; nothing runs yet.")
    STARTING = ("Starting", "The first revision's pods are starting; nobody is served yet.")
    ROLLOUT_STARTED = ("RolloutStarted", "A new revision is being started beside the stable one.")
    ROLLOUT_IN_PROGRESS = (
        "RolloutInProgress",
        "The new revision is not ready yet; the stable one serves every request.",
    )
    READY = ("Ready", "The whole spec is live.")
    SERVING = ("Serving", "Requests are being answered.")
    PROMOTED = ("Promoted", "The new revision was ready and now serves every request.")
    ROLLED_BACK = (
        "RolledBack",
        "An earlier revision serves again: the spec returned to it, or the newer lost its pods.",
    )
    SUPERSEDED = (
        "Superseded",
        "The spec changed again before the candidate was promoted; a newer one replaced it.",
    )
    ABORTED = (
        "Aborted",
        "The candidate was given up; the stable revision serves every request.",
        "Read the message for the cause, then correct the spec or return to the former one.",
        True,
    )
    PAUSED = (
        "Paused",
        "`spec.paused` is true: no revision is started, promoted or removed until it is false.",
        "Set `spec.paused` to false to go on.",
    )
    SCALED_TO_ZERO = (
        "ScaledToZero",
        "`spec.replicas` is 0, so no pod runs and nobody is served.",
        "Set `spec.replicas` to 1 or more to serve again.",
    )
    PODS_NOT_READY = (
        "PodsNotReady",
        "Some pods of the serving revision are not ready; the others answer.",
        "Usually passes by itself. Otherwise look at the pods with `kubectl describe pod`.",
    )
    NO_READY_PODS = (
        "NoReadyPods",
        "No pod is ready, so nobody is served.",
        "See the message of condition Ready for the cause.",
        True,
    )
    RESTORED = (
        "Restored",
        "A child object had been deleted or changed by someone else and was put right.",
        "Change the ModelDeployment instead of the objects that are made from it.",
    )

    # The model's fault
    MODEL_NOT_FOUND = (
        "ModelNotFound",
        "There is no file at `spec.model.uri`.",
        "Correct the URI, or upload the model.",
        True,
    )
    CHECKSUM_MISMATCH = (
        "ChecksumMismatch",
        "The file's sha256 differs from `spec.model.sha256`; it was not opened.",
        "Run `sha256sum` on the file you meant; if the file at the URI changed, find out why.",
        True,
    )
    FORMAT_REJECTED = (
        "FormatRejected",
        "The file is not a sound model of the declared format, whatever its name says.",
        "Export the model again; the message says what was found in the file.",
        True,
    )
    FETCH_FAILED = (
        "FetchFailed",
        "The model could not be fetched: the network, the server or the credentials failed.",
        "It is tried again. See the message; check the Secret in `spec.model.credentials`.",
        True,
    )
    SOURCE_REFUSED = (
        "SourceRefused",
        "The operator's policy does not allow models from this address.",
        "Use an allowed source, or ask the cluster's administrator to allow this one.",
        True,
    )
    MODEL_TOO_LARGE = (
        "ModelTooLarge",
        "The model is larger than the operator allows.",
        "Shrink the model, or ask the cluster's administrator to raise the limit.",
        True,
    )
    LOAD_FAILED = (
        "LoadFailed",
        "The model was fetched but could not be loaded.",
        "See the message; it is the runtime's own. Often the opset is newer than the runtime.",
        True,
    )
    WARMUP_FAILED = (
        "WarmupFailed",
        "The model was loaded but failed on its first requests.",
        "See the message, and try the model with the same inputs outside the cluster.",
        True,
    )

    # The cluster's or the pod's fault
    ACCELERATOR_MISSING = (
        "AcceleratorMissing",
        "An accelerator was asked for, but the runtime cannot use one in this pod.",
        "Use a runtime image built for the accelerator, or remove `spec.runtime.accelerator`.",
        True,
    )
    IMAGE_PULL_FAILED = (
        "ImagePullFailed",
        "The runtime image, or the image that carries the model, cannot be pulled.",
        "Check the image's name and that the nodes may pull it.",
        True,
    )
    UNSCHEDULABLE = (
        "Unschedulable",
        "No node can take the pod.",
        "See the message: lower the requests, change the placement, or add nodes.",
        True,
    )
    QUOTA_EXCEEDED = (
        "QuotaExceeded",
        "The namespace's ResourceQuota does not allow the pods.",
        "Lower the requests or replicas, or ask for a larger quota. It is tried again.",
        True,
    )
    POD_REFUSED = (
        "PodRefused",
        "A policy of the cluster refuses the pods.",
        "See the message, which names the policy, and change the spec or the policy.",
        True,
    )
    OUT_OF_MEMORY = (
        "OutOfMemory",
        "The pod was killed because it used more memory than its limit.",
        "Raise `spec.runtime.resources.limits.memory`; loading takes more than serving.",
        True,
    )
    SECRET_NOT_FOUND = (
        "SecretNotFound",
        "The Secret in `spec.model.credentials` does not exist in this namespace.",
        "Create the Secret, or correct its name. The pods go on by themselves.",
        True,
    )
    VOLUME_FAILED = (
        "VolumeFailed",
        "The volume that holds the model cannot be mounted.",
        "Check that the PersistentVolumeClaim exists in this namespace and is bound.",
        True,
    )
    CRASHED = (
        "Crashed",
        "A container ended without saying why.",
        "Read its log: `kubectl logs --previous POD`.",
        True,
    )
    PROGRESS_DEADLINE_EXCEEDED = (
        "ProgressDeadlineExceeded",
        "The revision was not ready within `spec.rollout.progressDeadline`.",
        "See the message for what it waited for; raise the deadline if the model loads slowly.",
        True,
    )

    # The spec's or the operator's fault
    INVALID_SPEC = (
        "InvalidSpec",
        "The spec cannot be carried out; what served before goes on.",
        "Correct what the message names.",
        True,
    )
    NAME_CONFLICT = (
        "NameConflict",
        "An object that Slipway needs to make exists already and belongs to someone else.",
        "Rename the ModelDeployment, or remove the object that the message names.",
        True,
    )
    FORBIDDEN = (
        "Forbidden",
        "The operator lacks a permission.",
        "Install the operator's ClusterRole of this version; the message names what is missing.",
        True,
    )
    APPLY_REJECTED = (
        "ApplyRejected",
        "The API server refused an object that Slipway makes.",
        "See the message, which is the API server's own, and correct the spec.",
        True,
    )
    INTERNAL_ERROR = (
        "InternalError",
        "The operator ran into a fault of its own; it is tried again.",
        "Report it with the operator's log.",
        True,
    )
