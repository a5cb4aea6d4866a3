"""What the protocol tells about a server and its model: metadata, configuration, statistics.

Pure: makes plain values of what it is given. HTTP and gRPC both tell the same.
"""

from typing import Any, Final

from slipway_runtime import __version__
from slipway_runtime.identity import Identity
from slipway_runtime.metrics import Distribution, Metrics
from slipway_runtime.signature import Datatype, Signature, TensorSpec

Described = dict[str, Any]

_EXTENSIONS: Final = ("binary_tensor_data", "model_configuration", "parameters", "statistics")
_CONTROL: Final = "model_repository"
_OK: Final = 200


def server(*, control: bool) -> Described:
    """Describe the server; `control` says whether models can be loaded and unloaded."""
    extensions = [*_EXTENSIONS, *([_CONTROL] if control else [])]
    return {"name": "slipway", "version": __version__, "extensions": extensions}


def model(identity: Identity, platform: str, signature: Signature) -> Described:
    """Describe the model's tensors."""
    return {
        "name": identity.name,
        "versions": [identity.version],
        "platform": platform,
        "inputs": [_tensor(spec) for spec in signature.inputs],
        "outputs": [_tensor(spec) for spec in signature.outputs],
    }


def _tensor(spec: TensorSpec) -> Described:
    return {"name": spec.name, "datatype": spec.datatype.value, "shape": spec.wire_shape}


def config(identity: Identity, platform: str, signature: Signature) -> Described:
    """Describe the model as a configuration of Triton's; its dimensions include the rows."""
    return {
        "name": identity.name,
        "platform": platform,
        "backend": platform.partition("_")[0],
        "max_batch_size": 0,
        "input": [_configured(spec) for spec in signature.inputs],
        "output": [_configured(spec) for spec in signature.outputs],
    }


def _configured(spec: TensorSpec) -> Described:
    name = "STRING" if spec.datatype is Datatype.BYTES else spec.datatype.value
    return {"name": spec.name, "data_type": f"TYPE_{name}", "dims": spec.wire_shape}


def statistics(identity: Identity, metrics: Metrics) -> Described:
    """Tell what predictions took since the start, of all protocols together."""
    good = sum(count for (_, code), count in metrics.requests.items() if code == _OK)
    bad = metrics.requests.total() - good
    seconds = sum(spent.sum for spent in metrics.durations.values())
    return {
        "name": identity.name,
        "version": identity.version,
        "last_inference": round(metrics.last * 1000),
        "inference_count": round(metrics.rows.sum),
        "execution_count": metrics.compute.count,
        "inference_stats": {
            "success": _spent(good, seconds - metrics.failed_seconds),
            "fail": _spent(bad, metrics.failed_seconds),
            "queue": _stage(metrics.queue),
            "compute_input": _stage(metrics.decode),
            "compute_infer": _stage(metrics.compute),
            "compute_output": _stage(metrics.encode),
            "cache_hit": _spent(metrics.cache_hits, 0),
            "cache_miss": _spent(metrics.cache_misses, 0),
        },
        "batch_stats": [],
    }


def _stage(spent: Distribution) -> Described:
    return _spent(spent.count, spent.sum)


def _spent(count: int, seconds: float) -> Described:
    return {"count": count, "ns": round(seconds * 1e9)}


def index(identity: Identity, state: str, reason: str = "") -> Described:
    """Describe the model as an entry of the repository."""
    return {"name": identity.name, "version": identity.version, "state": state, "reason": reason}
