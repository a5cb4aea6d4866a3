"""Fetching from a real S3 server, with the credentials that a Secret would hold."""

import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from localcluster import builds
from runtime_testing.fetching import DIGEST, MODEL, Fetcher, refused
from runtime_testing.serving import PROMPT
from runtime_testing.web import answer, outside_address, web
from slipway_runtime.errors import Reason

KEYS = {"AWS_ACCESS_KEY_ID": "slipway", "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG+bPx"}
ENDPOINT = "AWS_ENDPOINT_URL"


@dataclass(frozen=True)
class S3:
    """A running S3 server: its folder's folders are buckets."""

    url: str
    folder: Path
    secret: dict[str, str] = field(default_factory=dict)

    def put(self, key: str, content: bytes) -> None:
        path = self.folder / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


@pytest.fixture(scope="module")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3]:
    builds.ensure(["versitygw"])
    folder = tmp_path_factory.mktemp("s3")
    (folder / "models").mkdir()
    host, port = outside_address(), _free_port()
    server = [
        *(str(builds.program("versitygw")), "--quiet", "--port", f"{host}:{port}"),
        *("--access", KEYS["AWS_ACCESS_KEY_ID"], "--secret", KEYS["AWS_SECRET_ACCESS_KEY"]),
        *("--region", "eu-west-1", "posix", "--nometa", "--disableotmp", str(folder)),
    ]
    process = subprocess.Popen(server, stdout=subprocess.DEVNULL)
    try:
        _wait_for(host, port)
        url = f"http://{host}:{port}"
        yield S3(url, folder, {**KEYS, ENDPOINT: url, "AWS_REGION": "eu-west-1"})
    finally:
        process.terminate()
        process.wait()


def _free_port() -> int:
    with socket.create_server((outside_address(), 0)) as probe:
        return int(probe.getsockname()[1])


def _wait_for(host: str, port: int) -> None:
    deadline = time.monotonic() + PROMPT
    while time.monotonic() < deadline:
        try:
            socket.create_connection((host, port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError("the S3 server does not start")


@pytest.mark.parametrize("key", ["iris.onnx", "a/b c/größe+1.onnx", "x=1&y=2/m'(1).onnx"])
def test_a_model_is_fetched_with_the_credentials_of_its_secret(
    fetch: Fetcher, s3: S3, key: str
) -> None:
    s3.put(f"models/{key}", MODEL)

    outcome = fetch(f"s3://models/{key.replace(' ', '%20')}", **s3.secret)

    assert outcome.code == 0, outcome.output
    assert fetch.model.read_bytes() == MODEL


def test_a_key_that_is_not_there_is_not_found(fetch: Fetcher, s3: S3) -> None:
    refused(
        fetch("s3://models/no.onnx", **s3.secret), Reason.MODEL_NOT_FOUND, "s3://models/no.onnx"
    )


def test_a_bucket_that_is_not_there_is_not_found(fetch: Fetcher, s3: S3) -> None:
    refused(fetch("s3://nobody/no.onnx", **s3.secret), Reason.MODEL_NOT_FOUND, "NoSuchBucket")


@pytest.mark.parametrize(
    "wrong",
    [
        {"AWS_SECRET_ACCESS_KEY": "wrong"},
        {"AWS_ACCESS_KEY_ID": "nobody"},
        {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""},
    ],
    ids=["wrong secret", "unknown key", "no keys"],
)
def test_wrong_credentials_are_named_and_never_shown(
    fetch: Fetcher, s3: S3, wrong: dict[str, str]
) -> None:
    s3.put("models/iris.onnx", MODEL)

    outcome = fetch("s3://models/iris.onnx", **{**s3.secret, **wrong})

    refused(outcome, Reason.FETCH_FAILED, "are AWS_ACCESS_KEY_ID")
    assert KEYS["AWS_SECRET_ACCESS_KEY"] not in outcome.output
    assert "X-Amz-Signature" not in outcome.output


def test_another_file_than_meant_is_refused(fetch: Fetcher, s3: S3) -> None:
    s3.put("models/iris.onnx", MODEL)

    outcome = fetch("s3://models/iris.onnx", sha256="0" * 64, **s3.secret)

    refused(outcome, Reason.CHECKSUM_MISMATCH, DIGEST)


def test_the_size_limit_holds(fetch: Fetcher, s3: S3) -> None:
    s3.put("models/iris.onnx", MODEL)

    outcome = fetch("s3://models/iris.onnx", "--size-limit", "100", **s3.secret)

    refused(outcome, Reason.MODEL_TOO_LARGE, "100 bytes")


def test_an_endpoint_on_the_node_itself_is_never_asked(fetch: Fetcher) -> None:
    with web(answer(body=MODEL), "127.0.0.1") as inside:
        outcome = fetch("s3://models/iris.onnx", **{**KEYS, ENDPOINT: inside.url})

    refused(outcome, Reason.SOURCE_REFUSED, "loopback")
    assert inside.requests == []


def test_an_endpoint_must_be_allowed_as_the_bucket_must(fetch: Fetcher, s3: S3) -> None:
    s3.put("models/iris.onnx", MODEL)

    bucket = fetch("s3://models/iris.onnx", SLIPWAY_ALLOWED_SOURCES="s3://models", **s3.secret)
    both = fetch(
        "s3://models/iris.onnx", SLIPWAY_ALLOWED_SOURCES=f"s3://models,{s3.url}", **s3.secret
    )

    refused(bucket, Reason.SOURCE_REFUSED, f"{s3.url} is not an allowed source")
    assert both.code == 0, both.output
