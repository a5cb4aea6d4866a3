"""Where a model may lie: an object store, a volume, an image. Other tests all use http."""

import base64
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from slipway_testing import images
from slipway_testing.cluster import ROOT, Cluster, obj
from slipway_testing.models import adding
from slipway_testing.scene import SMALL, Model, adds
from slipway_testing.store import RESTRICTED, RESTRICTED_POD, image
from slipway_testing.waiting import eventually

pytestmark = pytest.mark.cluster
MakeModel = Callable[[str], Model]
ARTIFACT = adding(1)
KEYS = {"AWS_ACCESS_KEY_ID": "tester", "AWS_SECRET_ACCESS_KEY": "not-a-secret-at-all"}
BUCKET = "models"


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> str:
    """An image of versitygw, a real S3 server over a folder."""
    told = subprocess.run(
        [sys.executable, "-m", "localcluster", "program", "versitygw"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    program = Path(told.stdout.strip()).read_bytes()
    built = images.build(
        "localhost/slipway-test/versitygw", {"versitygw": program}, entrypoint="/versitygw"
    )
    return images.load(built, tmp_path_factory.mktemp("images"))


@pytest.fixture
def s3(cluster: Cluster, namespace: str, gateway: str) -> str:
    """A bucket with the model in it; returns the endpoint."""
    labels = {"app": "s3"}
    files = {ARTIFACT.name: base64.b64encode(ARTIFACT.content).decode()}
    cluster.apply(obj("ConfigMap", namespace, "bucket", binaryData=files))
    cluster.apply(
        obj(
            "Pod",
            namespace,
            "s3",
            metadata={"labels": labels},
            spec={
                "automountServiceAccountToken": False,
                "securityContext": RESTRICTED_POD,
                "initContainers": [
                    {
                        "name": "fill",
                        "image": image("RUNTIME"),
                        "command": ["/opt/slipway/bin/python", "-c"],
                        "args": [f"import shutil; shutil.copytree('/from', '/data/{BUCKET}')"],
                        "securityContext": RESTRICTED,
                        "volumeMounts": [
                            {"name": "data", "mountPath": "/data"},
                            {"name": "from", "mountPath": "/from"},
                        ],
                    }
                ],
                "containers": [
                    {
                        "name": "s3",
                        "image": gateway,
                        "imagePullPolicy": "Never",
                        "args": ["--port", ":7070", "posix", "--nometa", "/data"],
                        "env": [
                            {"name": "ROOT_ACCESS_KEY", "value": KEYS["AWS_ACCESS_KEY_ID"]},
                            {"name": "ROOT_SECRET_KEY", "value": KEYS["AWS_SECRET_ACCESS_KEY"]},
                        ],
                        "readinessProbe": {"tcpSocket": {"port": 7070}, "periodSeconds": 1},
                        "securityContext": RESTRICTED,
                        "volumeMounts": [{"name": "data", "mountPath": "/data"}],
                    }
                ],
                "volumes": [
                    {"name": "data", "emptyDir": {}},
                    {"name": "from", "configMap": {"name": "bucket"}},
                ],
            },
        )
    )
    port = {"port": 80, "targetPort": 7070}
    cluster.apply(obj("Service", namespace, "s3", spec={"selector": labels, "ports": [port]}))
    eventually(lambda: _assert_ready(cluster, namespace, "s3"))
    return f"http://s3.{namespace}.svc"


def secret(namespace: str, **more: str) -> dict[str, object]:
    """The credentials, as a user would make them."""
    return obj("Secret", namespace, "store", stringData={**KEYS, **more})


def from_s3() -> dict[str, object]:
    """A spec for the model in the bucket."""
    model = {
        "uri": f"s3://{BUCKET}/{ARTIFACT.name}",
        "sha256": ARTIFACT.sha256,
        "credentials": {"secretName": "store"},
    }
    return {"model": model, "runtime": {"resources": SMALL}}


def test_from_s3_with_credentials_only_the_fetching_container_sees(
    cluster: Cluster, make_model: MakeModel, s3: str
) -> None:
    model = make_model("bucketed")
    cluster.apply(secret(model.namespace, AWS_ENDPOINT_URL=s3, AWS_REGION="us-east-1"))

    model.apply(from_s3()).becomes_ready()

    model.answers(adds(1))
    (pod,) = model.pods()
    (runtime,) = pod["spec"]["containers"]
    assert "envFrom" not in runtime
    assert "store" not in str(runtime)


def test_from_s3_with_the_wrong_key_the_store_says_no(
    cluster: Cluster, make_model: MakeModel, s3: str
) -> None:
    model = make_model("bucketed")
    wrong = {"AWS_ENDPOINT_URL": s3, "AWS_REGION": "us-east-1", "AWS_SECRET_ACCESS_KEY": "wrong"}
    cluster.apply(secret(model.namespace, **wrong))

    ready = model.apply(from_s3()).becomes_unready("FetchFailed")

    assert "wrong" not in ready["message"]
    cluster.apply(secret(model.namespace, AWS_ENDPOINT_URL=s3, AWS_REGION="us-east-1"))
    model.becomes_ready(within=120)


def test_without_its_secret_the_missing_one_is_named(make_model: MakeModel) -> None:
    ready = make_model("bucketed").apply(from_s3()).becomes_unready("SecretNotFound")
    assert "store" in ready["message"]


def test_from_an_image_by_digest_without_a_checksum(make_model: MakeModel, tmp_path: Path) -> None:
    packed = images.build("localhost/slipway-test/model", {"m/model.onnx": ARTIFACT.content})
    reference = images.load(packed, tmp_path)

    model = make_model("packed").apply(
        {"model": {"uri": f"oci://{reference}"}, "runtime": {"resources": SMALL}}
    )

    model.becomes_ready().answers(adds(1))


@pytest.fixture
def claim(cluster: Cluster, namespace: str) -> Iterator[str]:
    """A claim on a volume that holds the model; a folder of the node, filled by a root pod."""
    volumes = []
    outside = f"{namespace}-filler"
    cluster.apply(obj("Namespace", None, outside))
    for where in (outside, namespace):
        volume = {
            "capacity": {"storage": "1Gi"},
            "accessModes": ["ReadWriteMany"],
            "storageClassName": "",
            "persistentVolumeReclaimPolicy": "Retain",
            "claimRef": {"namespace": where, "name": "models"},
            "hostPath": {"path": f"/srv/{namespace}", "type": "DirectoryOrCreate"},
        }
        cluster.apply(obj("PersistentVolume", None, where, spec=volume))
        volumes.append(where)
        wanted = {
            "accessModes": ["ReadWriteMany"],
            "storageClassName": "",
            "volumeName": where,
            "resources": {"requests": {"storage": "1Gi"}},
        }
        cluster.apply(obj("PersistentVolumeClaim", where, "models", spec=wanted))
    _run_as_root(cluster, outside, _write_model())
    yield "models"
    _run_as_root(cluster, outside, "import shutil; shutil.rmtree('/data/m')")
    cluster.delete("Namespace", None, outside)
    for volume_name in volumes:
        cluster.delete("PersistentVolume", None, volume_name)


def test_from_a_volume(make_model: MakeModel, claim: str) -> None:
    model = {"uri": f"pvc://{claim}/m/{ARTIFACT.name}", "sha256": ARTIFACT.sha256}

    served = make_model("stored").apply({"model": model, "runtime": {"resources": SMALL}})

    served.becomes_ready().answers(adds(1))


def test_a_path_that_is_not_on_the_volume_is_not_found(make_model: MakeModel, claim: str) -> None:
    model = {"uri": f"pvc://{claim}/m/other.onnx", "sha256": ARTIFACT.sha256}

    stored = make_model("stored").apply({"model": model, "runtime": {"resources": SMALL}})

    assert "other.onnx" in stored.becomes_unready("ModelNotFound")["message"]


def _write_model() -> str:
    content = base64.b64encode(ARTIFACT.content).decode()
    return (
        "import base64, pathlib; folder = pathlib.Path('/data/m'); folder.mkdir(exist_ok=True);"
        f"(folder / '{ARTIFACT.name}').write_bytes(base64.b64decode('{content}'))"
    )


def _run_as_root(cluster: Cluster, namespace: str, code: str) -> None:
    cluster.delete("Pod", namespace, "filler")
    eventually(lambda: _assert_gone(cluster, namespace, "filler"))
    container = {
        "name": "filler",
        "image": image("RUNTIME"),
        "command": ["/opt/slipway/bin/python", "-c", code],
        "securityContext": {"runAsUser": 0},
        "volumeMounts": [{"name": "data", "mountPath": "/data"}],
    }
    volume = {"name": "data", "persistentVolumeClaim": {"claimName": "models"}}
    spec = {"restartPolicy": "Never", "containers": [container], "volumes": [volume]}
    cluster.apply(obj("Pod", namespace, "filler", spec=spec))
    eventually(lambda: _assert_succeeded(cluster, namespace, "filler"))


def _assert_ready(cluster: Cluster, namespace: str, name: str) -> None:
    pod = cluster.get("Pod", namespace, name) or {}
    conditions = pod.get("status", {}).get("conditions", [])
    assert any(c["type"] == "Ready" and c["status"] == "True" for c in conditions), conditions


def _assert_succeeded(cluster: Cluster, namespace: str, name: str) -> None:
    pod = cluster.get("Pod", namespace, name) or {}
    assert pod.get("status", {}).get("phase") == "Succeeded"


def _assert_gone(cluster: Cluster, namespace: str, name: str) -> None:
    assert cluster.get("Pod", namespace, name) is None
