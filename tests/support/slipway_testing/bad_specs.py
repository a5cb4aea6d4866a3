"""Specs that the API refuses, with the field it names and the words a user then reads."""

from typing import Any, Final

from slipway_testing.bad_addresses import BAD_ADDRESSES, URI
from slipway_testing.spec_fields import ADDRESSES
from slipway_testing.specs import (
    CPU_METRIC,
    DIGEST,
    REMOVED,
    Bad,
    from_address,
    resources,
    scaled,
    vary,
)

_REPLACED: Final = "must be given: write the SHA-256 of the model file"
_HEX: Final = "must be 64 hexadecimal digits and nothing else"
_QUANTITY: Final = "must be a quantity"
_DURATION: Final = "must be a duration: whole numbers with h, m, s or ms"
_REQUEST: Final = "must say how much each pod requests, to be scaled on"
_REQUESTS: Final = "spec.runtime.resources.requests"
_ENV: Final = "spec.runtime.env[0].name"
_INPUT: Final = "spec.model.inputs[0]"


def _bad_input(name: str, words: str, field: str = _INPUT, **constraint: Any) -> Bad:
    return Bad(name, vary(model__inputs=[{"name": "X", **constraint}]), field, words)


BAD: Final = [
    *BAD_ADDRESSES,
    # The model
    Bad("empty spec", {}, "spec.model", "Required value"),
    Bad("no URI", vary(model__uri=REMOVED), URI, "Required value"),
    Bad("no sha256", vary(model__sha256=REMOVED), "spec.model.sha256", _REPLACED),
    Bad("sha256 empty", vary(model__sha256=""), "spec.model.sha256", _HEX),
    Bad("sha256 too short", vary(model__sha256="a" * 63), "spec.model.sha256", _HEX),
    Bad("sha256 too long", vary(model__sha256="a" * 65), "spec.model.sha256", _HEX),
    Bad("sha256 not hex", vary(model__sha256="g" * 64), "spec.model.sha256", _HEX),
    Bad("sha256 with prefix", vary(model__sha256=DIGEST), "spec.model.sha256", _HEX),
    Bad("unknown format", vary(model__format="pickle"), "spec.model.format", 'values: "onnx"'),
    Bad(
        "no suffix and no format",
        from_address("https://models.example.com/iris/latest"),
        "spec.model.format",
        "must be given, because the URI does not end in .onnx: write format: onnx",
    ),
    Bad("version with space", vary(model__version="1 0"), "spec.model.version", "must consist of"),
    Bad("version empty", vary(model__version=""), "spec.model.version", "must consist of"),
    Bad(
        "credentials for a claim",
        from_address(ADDRESSES["pvc"], model__credentials={"secretName": "a"}),
        "spec.model.credentials",
        "must not be given for pvc and oci addresses",
    ),
    Bad(
        "Secret of another namespace",
        vary(model__credentials={"secretName": "other/secret"}),
        "spec.model.credentials.secretName",
        "must be the name of a Secret, without its namespace",
    ),
    _bad_input("input without constraint", "must constrain something"),
    _bad_input("range and values", "must not have both range and values", range=[0, 1], values=[1]),
    _bad_input("range of a string", "must not have both range and", range=[0, 1], maxLength=2),
    _bad_input("range reversed", "must be two numbers", f"{_INPUT}.range", range=[2, 1]),
    _bad_input("range of one", "must be two numbers", f"{_INPUT}.range", range=[2]),
    _bad_input("range of three", "2 items", f"{_INPUT}.range", range=[1, 2, 3]),
    _bad_input("range empty", "must be two numbers", f"{_INPUT}.range", range=[]),
    _bad_input("range of words", "must be of type number", f"{_INPUT}.range[0]", range=["a", "b"]),
    _bad_input("values empty", "must list at least one value", f"{_INPUT}.values", values=[]),
    _bad_input(
        "features empty", "must name at least one column", f"{_INPUT}.features", features=[]
    ),
    _bad_input("feature twice", "Duplicate value", f"{_INPUT}.features[1]", features=["a", "a"]),
    _bad_input("length of zero", "greater than or equal to 1", f"{_INPUT}.maxLength", maxLength=0),
    Bad(
        "input twice",
        vary(model__inputs=[{"name": "X", "maxLength": 1}, {"name": "X", "maxLength": 2}]),
        "spec.model.inputs[1]",
        "Duplicate value",
    ),
    # The runtime
    Bad("image with space", vary(runtime__image="a b"), "spec.runtime.image", "name of an image"),
    Bad("unit unknown", vary(runtime=resources(requests={"cpu": "2X"})), _REQUESTS, _QUANTITY),
    Bad("negative", vary(runtime=resources(requests={"cpu": -1})), _REQUESTS, _QUANTITY),
    Bad("quantity empty", vary(runtime=resources(requests={"cpu": ""})), _REQUESTS, _QUANTITY),
    Bad("fraction bare", vary(runtime=resources(requests={"cpu": 0.5})), _REQUESTS, "integer"),
    Bad(
        "batch of one",
        vary(runtime__batching={"maxSize": 1}),
        "spec.runtime.batching.maxSize",
        "greater than or equal to 2",
    ),
    Bad(
        "batch that waits too long",
        vary(runtime__batching={"maxSize": 2, "maxDelay": "2s"}),
        "spec.runtime.batching.maxDelay",
        "must lie between 0s and 1s",
    ),
    Bad(
        "batch that waits without a unit",
        vary(runtime__batching={"maxSize": 2, "maxDelay": "2"}),
        "spec.runtime.batching.maxDelay",
        "must be a duration",
    ),
    Bad("timeout in words", vary(runtime__timeout="soon"), "spec.runtime.timeout", "a duration"),
    Bad(
        "cache of an unknown unit",
        vary(runtime__cache={"size": "64MB"}),
        "spec.runtime.cache.size",
        _QUANTITY,
    ),
    Bad(
        "negative queue",
        vary(runtime__concurrency={"queue": -1}),
        "spec.runtime.concurrency.queue",
        "greater than or equal to 0",
    ),
    Bad(
        "no time to answer",
        vary(runtime__timeout="0s"),
        "spec.runtime.timeout",
        "must lie between 10ms and 30s",
    ),
    Bad(
        "cache as large as the memory limit",
        vary(runtime={**resources(limits={"memory": "1Gi"}), "cache": {"size": "1024Mi"}}),
        "spec.runtime.cache",
        "must be smaller than runtime.resources.limits.memory",
    ),
    Bad(
        "GPU among resources",
        vary(runtime=resources(limits={"nvidia.com/gpu": 1})),
        "spec.runtime.resources.limits",
        "ask for GPUs and other devices in runtime.accelerator",
    ),
    Bad(
        "GPU among requests",
        vary(runtime=resources(requests={"amd.com/gpu": 1})),
        _REQUESTS,
        "ask for GPUs and other devices in runtime.accelerator",
    ),
    Bad(
        "limit no quantity",
        vary(runtime=resources(limits={"memory": "1 Gi"})),
        "spec.runtime.resources.limits",
        _QUANTITY,
    ),
    Bad(
        "requests above limits",
        vary(runtime=resources(requests={"cpu": 2}, limits={"cpu": "1999m"})),
        _REQUESTS,
        "must not be above the limits of the same name",
    ),
    Bad(
        "memory above its limit",
        vary(runtime=resources(requests={"memory": "1Gi"}, limits={"memory": "1G"})),
        _REQUESTS,
        "must not be above the limits of the same name",
    ),
    Bad(
        "device without domain",
        vary(runtime__accelerator={"resource": "gpu"}),
        "spec.runtime.accelerator.resource",
        "must be the device plugin's full name for the device, as in nvidia.com/gpu",
    ),
    Bad(
        "no devices",
        vary(runtime__accelerator={"resource": "nvidia.com/gpu", "count": 0}),
        "spec.runtime.accelerator.count",
        "greater than or equal to 1",
    ),
    Bad("variable unnamed", vary(runtime__env=[{"name": ""}]), _ENV, "must consist of letters"),
    Bad(
        "variable ill-named", vary(runtime__env=[{"name": "1-A"}]), _ENV, "must consist of letters"
    ),
    Bad(
        "variable of Slipway's own",
        vary(runtime__env=[{"name": "SLIPWAY_REVISION", "value": "x"}]),
        _ENV,
        "must not begin with SLIPWAY_",
    ),
    Bad(
        "variable twice",
        vary(runtime__env=[{"name": "A"}, {"name": "A"}]),
        "spec.runtime.env[1]",
        "Duplicate value",
    ),
    Bad(
        "warm-up negative",
        vary(runtime__warmup={"requests": -1}),
        "spec.runtime.warmup.requests",
        "greater than or equal to 0",
    ),
    Bad(
        "toleration of nothing known",
        vary(runtime__placement={"tolerations": [{"effect": "NoRun"}]}),
        "spec.runtime.placement.tolerations[0].effect",
        "Unsupported value",
    ),
    # How many
    Bad("replicas negative", vary(replicas=-1), "spec.replicas", "greater than or equal to 0"),
    Bad("replicas a word", vary(replicas="two"), "spec.replicas", "must be of type integer"),
    Bad("replicas absurd", vary(replicas=10**9), "spec.replicas", "less than or equal to 10000"),
    Bad(
        "replicas and autoscaling",
        scaled() | {"replicas": 2},
        "spec",
        "must not have both replicas and autoscaling: remove replicas",
    ),
    Bad(
        "minimum above maximum",
        scaled(minReplicas=5),
        "spec.autoscaling.minReplicas",
        "must not be above maxReplicas",
    ),
    Bad(
        "no maximum", scaled(maxReplicas=REMOVED), "spec.autoscaling.maxReplicas", "Required value"
    ),
    Bad("no metrics", scaled(metrics=REMOVED), "spec.autoscaling.metrics", "Required value"),
    Bad(
        "metrics empty",
        scaled(metrics=[]),
        "spec.autoscaling.metrics",
        "must list at least one metric, as in {type: CPU, target: 80}",
    ),
    Bad(
        "metric twice",
        scaled(metrics=[CPU_METRIC, {"type": "CPU", "target": 50}]),
        "spec.autoscaling.metrics[1]",
        "Duplicate value",
    ),
    Bad(
        "metric unknown",
        scaled(metrics=[{"type": "GPU", "target": 80}]),
        "spec.autoscaling.metrics[0].type",
        'supported values: "CPU", "Memory"',
    ),
    Bad(
        "metric of nothing",
        scaled(metrics=[{"type": "CPU", "target": 0}]),
        "spec.autoscaling.metrics[0].target",
        "greater than or equal to 1",
    ),
    Bad("CPU not requested", scaled({}), "spec", f"{_REQUEST} CPU"),
    Bad(
        "memory not requested",
        scaled(metrics=[{"type": "Memory", "target": 80}]),
        "spec",
        f"{_REQUEST} Memory",
    ),
    # The rollout
    *(
        Bad(
            f"{field} {text!r}",
            vary(rollout={field: text}),
            f"spec.rollout.{field}",
            _DURATION,
        )
        for field in ["keepStable", "progressDeadline"]
        for text in ["", "5", "5 minutes", "-5m", "1.5h", "5M", "m", "1d"]
    ),
    Bad(
        "duration a number",
        vary(rollout={"keepStable": 300}),
        "spec.rollout.keepStable",
        "must be of type string",
    ),
    Bad(
        "kept warm for years",
        vary(rollout={"keepStable": "99999h"}),
        "spec.rollout.keepStable",
        "must lie between 0s and 24h",
    ),
    Bad(
        "deadline too short",
        vary(rollout={"progressDeadline": "9s999ms"}),
        "spec.rollout.progressDeadline",
        "must lie between 10s and 24h",
    ),
    # The Service and the rest
    Bad(
        "service unknown", vary(service={"type": "ExternalName"}), "spec.service.type", "ClusterIP"
    ),
    Bad("port zero", vary(service={"port": 0}), "spec.service.port", "greater than or equal to 1"),
    Bad("port too high", vary(service={"port": 65536}), "spec.service.port", "equal to 65535"),
    Bad(
        "annotation of Slipway's own",
        vary(service={"annotations": {"serving.slipway.dev/x": "1"}}),
        "spec.service.annotations",
        "must not be Slipway's own",
    ),
    Bad("paused a word", vary(paused="yes"), "spec.paused", "must be of type boolean"),
    Bad(
        "history negative", vary(revisionHistoryLimit=-1), "spec.revisionHistoryLimit", "equal to 0"
    ),
]
