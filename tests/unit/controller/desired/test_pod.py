"""What the pod of a revision must be, whatever the spec says."""

from typing import Any

import pytest

from controller_testing.samples import DEFAULTS, OWNER, spec
from slipway_operator.desired.pod import build_pod_template
from slipway_operator.desired.revisions import new_revision
from slipway_operator.objects import Obj


def pod(raw: Obj) -> Obj:
    template: Obj = build_pod_template(OWNER, new_revision(raw, 1, DEFAULTS))["spec"]
    return template


def fetch(raw: Obj) -> Obj:
    container: Obj = pod(raw)["initContainers"][0]
    return container


def runtime(raw: Obj) -> Obj:
    container: Obj = pod(raw)["containers"][0]
    return container


def env(container: Obj) -> dict[str, str]:
    return {item["name"]: item.get("value", "") for item in container.get("env", [])}


def test_it_passes_the_restricted_pod_security_standard() -> None:
    whole = pod(spec())

    assert whole["securityContext"]["runAsNonRoot"] is True
    assert whole["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    for container in (*whole["initContainers"], *whole["containers"]):
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": True,
        }


def test_it_has_no_token_of_the_service_account() -> None:
    assert pod(spec())["automountServiceAccountToken"] is False
    assert "serviceAccountName" not in pod(spec())


def test_every_folder_it_may_write_to_is_bounded() -> None:
    for volume in pod(spec())["volumes"]:
        assert volume["emptyDir"]["sizeLimit"]


def test_credentials_reach_the_fetching_container_alone() -> None:
    raw = {"model": {**spec()["model"], "credentials": {"secretName": "store"}}}

    assert fetch(raw)["envFrom"] == [{"secretRef": {"name": "store"}}]
    assert "envFrom" not in runtime(raw)


@pytest.mark.parametrize(
    ("uri", "volume"),
    [
        ("https://example.com/m.onnx", None),
        ("s3://bucket/m.onnx", None),
        (
            "pvc://claim/dir/m.onnx",
            {"persistentVolumeClaim": {"claimName": "claim", "readOnly": True}},
        ),
        (
            "oci://registry.example.com:5000/a/b@sha256:00#dir/m.onnx",
            {
                "image": {
                    "reference": "registry.example.com:5000/a/b@sha256:00",
                    "pullPolicy": "IfNotPresent",
                }
            },
        ),
    ],
)
def test_a_source_that_must_be_mounted_is_mounted_read_only(uri: str, volume: Any) -> None:
    raw = {"model": {"uri": uri}}
    sources = [item for item in pod(raw)["volumes"] if item["name"] == "source"]
    mounts = [item for item in fetch(raw)["volumeMounts"] if item["name"] == "source"]

    assert sources == ([{"name": "source", **volume}] if volume else [])
    assert [item["readOnly"] for item in mounts] == [True] * len(sources)
    assert ("--source-dir" in fetch(raw)["args"]) == bool(volume)
    assert uri in fetch(raw)["args"]


def test_the_users_variables_do_not_replace_the_contract() -> None:
    mine = [{"name": "SLIPWAY_MODEL_NAME", "value": "forged"}, {"name": "MINE", "value": "1"}]

    variables = env(runtime(spec(runtime={"env": mine})))

    assert variables["SLIPWAY_MODEL_NAME"] == OWNER.name
    assert variables["MINE"] == "1"


def test_inputs_are_passed_as_the_user_wrote_them() -> None:
    raw = {"model": {**spec()["model"], "inputs": [{"name": "X", "range": [0, 10]}]}}

    assert env(runtime(raw))["SLIPWAY_INPUTS"] == '[{"name":"X","range":[0,10]}]'
    assert "SLIPWAY_INPUTS" not in env(runtime(spec()))


def test_an_accelerator_is_asked_for_by_the_runtime_alone() -> None:
    raw = spec(runtime={"accelerator": {"resource": "nvidia.com/gpu", "count": 2}})

    assert runtime(raw)["resources"]["limits"] == {"nvidia.com/gpu": "2"}
    assert runtime(raw)["resources"]["requests"] == {"nvidia.com/gpu": "2"}
    assert env(runtime(raw))["SLIPWAY_PROVIDERS"] == "cuda"
    assert "resources" not in fetch(raw)


def test_pods_are_spread_among_those_of_their_own_revision_unless_told_otherwise() -> None:
    common = {"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule"}
    own = {"matchLabels": {"mine": "yes"}}
    placement = {"topologySpreadConstraints": [common, {**common, "labelSelector": own}]}

    first, second = pod(spec(runtime={"placement": placement}))["topologySpreadConstraints"]

    assert first["labelSelector"]["matchLabels"]["serving.slipway.dev/revision"]
    assert second["labelSelector"] == own


def test_what_a_user_chooses_about_waiting_reaches_the_runtime() -> None:
    chosen = {
        "batching": {"maxSize": 16, "maxDelay": "2ms"},
        "concurrency": {"queue": 8},
        "timeout": "1500ms",
        "cache": {"size": "64Mi"},
    }
    told = env(runtime(spec() | {"runtime": chosen}))

    assert told["SLIPWAY_BATCH_ROWS"] == "16"
    assert told["SLIPWAY_BATCH_DELAY_MS"] == "2"
    assert told["SLIPWAY_QUEUE"] == "8"
    assert told["SLIPWAY_TIMEOUT_SECONDS"] == "1.5"
    assert told["SLIPWAY_CACHE"] == str(64 * 2**20)


def test_what_nobody_chose_is_left_to_the_runtime() -> None:
    assert (
        env(runtime(spec()))
        .keys()
        .isdisjoint(
            {"SLIPWAY_BATCH_ROWS", "SLIPWAY_QUEUE", "SLIPWAY_TIMEOUT_SECONDS", "SLIPWAY_CACHE"}
        )
    )
