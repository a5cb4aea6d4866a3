"""gRPC keeps the keys and certificates that HTTP keeps: no second door is left open."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import grpc
import numpy as np
import pytest

from runtime_testing import models
from runtime_testing.calling import Caller, calling, raw
from runtime_testing.certificates import Authority
from runtime_testing.serving import Server, serving, until

KEY = "0123456789abcdef-one"
REQUEST = raw("safe", X=np.ones((1, 4), np.float32))
HEALTH = "/grpc.health.v1.Health/Check"
REFLECTION = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"


@pytest.fixture
def model(save: Callable[[str, bytes], Path]) -> Path:
    return save("safe", models.identity())


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    path = tmp_path / "keys"
    path.write_text(KEY + "\n")
    return path


@contextmanager
def secure(server: Server, authority: Authority, folder: Path) -> Iterator[Caller]:
    root = authority.save(folder / "root.pem").read_bytes()
    credentials = grpc.ssl_channel_credentials(root)
    with grpc.secure_channel(f"localhost:{server.grpc_port}", credentials) as channel:
        yield Caller(channel)


def test_nobody_passes_without_a_key_but_probes(model: Path, keys: Path) -> None:
    with (
        serving(model, "--grpc-port", "0", "--keys", str(keys)) as server,
        calling(server.grpc_port) as caller,
    ):
        for method in ("ModelInfer", "ModelMetadata", "ModelStreamInfer", REFLECTION, "Nothing"):
            error = caller.refused(method, REQUEST)
            assert error.code() is grpc.StatusCode.UNAUTHENTICATED
            assert "a key is needed" in error.details()
        for wrong in (("authorization", "Bearer wrong"), ("x-api-key", KEY[:-1])):
            error = caller.refused("ModelInfer", REQUEST, metadata=(wrong,))
            assert error.code() is grpc.StatusCode.UNAUTHENTICATED
        for right in (("authorization", f"Bearer {KEY}"), ("x-api-key", KEY)):
            assert caller.infer(REQUEST, metadata=(right,)).model_name == "safe"
        for probe in ("ServerLive", "ServerReady", "ModelReady", HEALTH):
            caller.call(probe)


def test_probes_can_be_closed_too(model: Path, keys: Path) -> None:
    options = ("--grpc-port", "0", "--keys", str(keys), "--open", "metrics")
    with (
        serving(model, *options, wait=False) as server,
        calling(server.grpc_port) as caller,
    ):
        for probe in ("ServerLive", HEALTH):
            assert caller.refused(probe).code() is grpc.StatusCode.UNAUTHENTICATED
            caller.call(probe, metadata=(("x-api-key", KEY),))


def test_calls_are_encrypted_with_the_newest_certificate(model: Path, tmp_path: Path) -> None:
    first, second = Authority(), Authority()
    certificate, key = first.issue(tmp_path)
    options = ("--tls-certificate", str(certificate), "--tls-key", str(key), "--grpc-port", "0")
    with serving(model, *options, tls=first.trusting()) as server:
        with secure(server, first, tmp_path) as caller:
            assert caller.infer(REQUEST).model_name == "safe"
        with calling(server.grpc_port) as plain:
            assert plain.refused("ServerLive").code() is grpc.StatusCode.UNAVAILABLE
        with secure(server, second, tmp_path) as stranger:
            assert stranger.refused("ServerLive").code() is grpc.StatusCode.UNAVAILABLE

        certificate.write_text("half a certif")
        with secure(server, first, tmp_path) as caller:
            assert caller.infer(REQUEST).model_name == "safe"

        second.issue(tmp_path)
        with secure(server, second, tmp_path) as caller:
            assert caller.infer(REQUEST).model_name == "safe"
        until(lambda: "still serves the certificate" in server.log.read_text(), "told", server)


def test_only_clients_of_the_right_authority_are_served(model: Path, tmp_path: Path) -> None:
    own, theirs = Authority(), Authority()
    (tmp_path / "client").mkdir()
    certificate, key = own.issue(tmp_path)
    shown, shown_key = theirs.issue(tmp_path / "client")
    options = (
        *("--tls-certificate", str(certificate), "--tls-key", str(key), "--grpc-port", "0"),
        *("--tls-client-ca", str(theirs.save(tmp_path / "allowed.pem"))),
    )
    client = grpc.ssl_channel_credentials(
        own.save(tmp_path / "root.pem").read_bytes(), shown_key.read_bytes(), shown.read_bytes()
    )
    with serving(model, *options, tls=own.trusting(presenting=theirs)) as server:
        with grpc.secure_channel(f"localhost:{server.grpc_port}", client) as channel:
            assert Caller(channel).infer(REQUEST).model_name == "safe"
        with secure(server, own, tmp_path) as nobody:
            assert nobody.refused("ServerLive").code() is grpc.StatusCode.UNAVAILABLE
