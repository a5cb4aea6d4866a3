"""The pod that runs a revision: a container that fetches the model, then the runtime.

It passes the `restricted` Pod Security Standard, has no service-account token, and writes only to
two bounded folders. Whatever changes here restarts every pod of every user: the golden files tell.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from slipway_operator.api.quantities import parse_quantity
from slipway_operator.api.runtime import RuntimeSpec
from slipway_operator.desired.labels import OWNER_ANNOTATION, revision_labels, selector
from slipway_operator.desired.revisions import Revision, canonical_json
from slipway_operator.desired.source import MOUNT_PATH, VOLUME, Source, source_of
from slipway_operator.objects import Obj, Owner

PORT: Final = 8080
PORT_NAME: Final = "http"
FETCH: Final = "fetch"
RUNTIME: Final = "runtime"
MODEL_DIR: Final = "/model"
USER: Final = 65532
GRACE_SECONDS: Final = 60

_MIB: Final = 2**20
_SECOND: Final = timedelta(seconds=1)
# The fetching container refuses a model over the limit in plain words; the folder's own limit, at
# which kubelet evicts the pod, is only the net below.
_MODEL_DIR_SLACK: Final = 64 * _MIB
_TMP_SIZE: Final = "256Mi"


def build_pod_template(owner: Owner, revision: Revision) -> Obj:
    """Return the pod template of a revision."""
    runtime = revision.runtime_spec
    source = source_of(revision.model_spec, revision.defaults.image_pull_policy)
    return {
        "metadata": {
            "labels": revision_labels(owner, revision.name),
            "annotations": {OWNER_ANNOTATION: owner.name},
        },
        "spec": {
            "initContainers": [_fetch_container(revision, source)],
            "containers": [_runtime_container(owner, revision)],
            "volumes": _volumes(revision, source),
            "securityContext": {
                "runAsNonRoot": True,
                "runAsUser": USER,
                "runAsGroup": USER,
                "seccompProfile": {"type": "RuntimeDefault"},
            },
            "automountServiceAccountToken": False,
            "enableServiceLinks": False,
            "terminationGracePeriodSeconds": GRACE_SECONDS,
            **_placement(runtime, selector(owner, revision.name)),
        },
    }


def _fetch_container(revision: Revision, source: Source) -> Obj:
    limit = str(revision.defaults.model_size_limit)
    arguments = ["fetch", *source.arguments, "--format", revision.model_spec.format.value]
    secret = {"envFrom": [{"secretRef": {"name": source.secret}}]} if source.secret else {}
    allowed = {"SLIPWAY_ALLOWED_SOURCES": revision.defaults.allowed_sources}
    mounts = [_mount("model", MODEL_DIR), _mount("tmp", "/tmp")]  # noqa: S108
    if source.volume:
        mounts.append(_mount(VOLUME, MOUNT_PATH, read_only=True))
    return {
        **_container(FETCH, revision),
        "args": [*arguments, "--size-limit", limit, "--dest", MODEL_DIR],
        **secret,
        **_env(allowed),
        **_resources(revision.runtime_spec, with_accelerator=False),
        "volumeMounts": mounts,
    }


def _runtime_container(owner: Owner, revision: Revision) -> Obj:
    runtime = revision.runtime_spec
    return {
        **_container(RUNTIME, revision),
        "args": ["serve", f"{MODEL_DIR}/model.onnx"],
        "ports": [{"name": PORT_NAME, "containerPort": PORT, "protocol": "TCP"}],
        **_env(_runtime_environment(owner, revision)),
        **_resources(runtime, with_accelerator=True),
        "volumeMounts": [
            _mount("model", MODEL_DIR, read_only=True),
            _mount("tmp", "/tmp"),  # noqa: S108
        ],
        # Live as soon as the process is up, ready when the model is loaded and warmed: loading may
        # take minutes and must not look like a hang.
        "startupProbe": _probe("/v2/health/live", period=1, timeout=1, failures=120),
        "livenessProbe": _probe("/v2/health/live", period=10, timeout=5, failures=6),
        "readinessProbe": _probe("/v2/health/ready", period=1, timeout=3, failures=3),
    }


def _runtime_environment(owner: Owner, revision: Revision) -> dict[str, str]:
    runtime = revision.runtime_spec
    inputs = revision.model.get("inputs")
    own = {
        "SLIPWAY_MODEL_NAME": owner.name,
        "SLIPWAY_MODEL_VERSION": revision.model_spec.version or "",
        "SLIPWAY_REVISION": revision.name,
        "SLIPWAY_INPUTS": canonical_json(inputs) if inputs else "",
        "SLIPWAY_WARMUP_REQUESTS": str(runtime.warmup.requests),
        "SLIPWAY_PROVIDERS": "cuda" if runtime.accelerator else "cpu",
        **_scheduling_environment(runtime),
    }
    return {**{variable.name: variable.value for variable in runtime.env}, **own}


def _scheduling_environment(runtime: RuntimeSpec) -> dict[str, str]:
    """Return what was chosen; the defaults are the runtime's own, so that no pod changes."""
    chosen = runtime.model_fields_set | runtime.concurrency.model_fields_set
    batching, cache = runtime.batching, runtime.cache
    return {
        "SLIPWAY_BATCH_ROWS": str(batching.max_size) if batching else "",
        "SLIPWAY_BATCH_DELAY_MS": _milliseconds(batching.max_delay) if batching else "",
        "SLIPWAY_QUEUE": str(runtime.concurrency.queue) if "queue" in chosen else "",
        "SLIPWAY_TIMEOUT_SECONDS": f"{runtime.timeout / _SECOND:g}" if "timeout" in chosen else "",
        "SLIPWAY_CACHE": str(int(parse_quantity(cache.size))) if cache else "",
    }


def _milliseconds(duration: timedelta) -> str:
    return f"{duration / timedelta(milliseconds=1):g}"


def _container(name: str, revision: Revision) -> Obj:
    return {
        "name": name,
        "image": revision.image,
        "imagePullPolicy": revision.defaults.image_pull_policy,
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": True,
        },
        # The runtime leaves its reason there; where it could not, the end of its log is a reason.
        "terminationMessagePolicy": "FallbackToLogsOnError",
    }


def _volumes(revision: Revision, source: Source) -> list[Obj]:
    model_size = str(revision.defaults.model_size_limit + _MODEL_DIR_SLACK)
    volumes = [_empty_dir("model", model_size), _empty_dir("tmp", _TMP_SIZE)]
    return [*volumes, source.volume] if source.volume else volumes


def _empty_dir(name: str, size: str) -> Obj:
    return {"name": name, "emptyDir": {"sizeLimit": size}}


def _mount(name: str, path: str, *, read_only: bool = False) -> Obj:
    mount: Obj = {"name": name, "mountPath": path}
    return {**mount, "readOnly": True} if read_only else mount


def _probe(path: str, *, period: int, timeout: int, failures: int) -> Obj:
    return {
        "httpGet": {"path": path, "port": PORT_NAME},
        "periodSeconds": period,
        "timeoutSeconds": timeout,
        "failureThreshold": failures,
    }


def _env(variables: Mapping[str, str]) -> Obj:
    # An empty value is left out: the API server drops it, and it would look like a hand edit.
    entries = [
        {"name": name, **({"value": value} if value else {})}
        for name, value in sorted(variables.items())
        if value or not name.startswith("SLIPWAY_")
    ]
    return {"env": entries} if entries else {}


def _resources(runtime: RuntimeSpec, *, with_accelerator: bool) -> Obj:
    accelerator = runtime.accelerator if with_accelerator else None
    devices = {accelerator.resource: accelerator.count} if accelerator else {}
    parts = {
        "requests": _quantities({**runtime.resources.requests, **devices}),
        "limits": _quantities({**runtime.resources.limits, **devices}),
    }
    resources = {key: value for key, value in parts.items() if value}
    return {"resources": resources} if resources else {}


def _quantities(quantities: Mapping[str, str | int]) -> dict[str, str]:
    return {name: str(quantity) for name, quantity in quantities.items()}


def _placement(runtime: RuntimeSpec, own_pods: Mapping[str, str]) -> Obj:
    placement = {key: value for key, value in runtime.placement.to_wire().items() if value}
    if spread := placement.get("topologySpreadConstraints"):
        # Kubernetes takes a missing selector for "no pods"; a user means the pods beside this one.
        default = {"labelSelector": {"matchLabels": own_pods}}
        placement["topologySpreadConstraints"] = [{**default, **item} for item in spread]
    return placement
