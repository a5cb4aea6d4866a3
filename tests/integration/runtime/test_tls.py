"""TLS of a running server: exchanged under load, and closed to whom it should be."""

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from runtime_testing import models
from runtime_testing.certificates import Authority
from runtime_testing.serving import Server, infer, serving, until

INFER = "/v2/models/safe/infer"
REQUEST = infer(A=("FP32", [1, 4], [1, 2, 3, 4]), B=("FP32", [1, 4], [0, 0, 0, 0]))


@pytest.fixture
def model(save: Callable[[str, bytes], Path]) -> Path:
    return save("safe", models.adder())


@pytest.fixture
def authority() -> Authority:
    return Authority()


@pytest.fixture
def safe(model: Path, authority: Authority, tmp_path: Path) -> Iterator[Server]:
    certificate, key = authority.issue(tmp_path)
    options = ("--tls-certificate", str(certificate), "--tls-key", str(key))
    with serving(model, *options, tls=authority.trusting()) as server:
        yield server


def serial(server: Server, client: ssl.SSLContext) -> str:
    """Which certificate a new connection is shown."""
    with (
        socket.create_connection(("localhost", server.port), timeout=5) as plain,
        client.wrap_socket(plain, server_hostname="localhost") as connection,
    ):
        shown = connection.getpeercert()
        assert shown is not None
        return str(shown["serialNumber"])


def test_every_lane_is_served_over_tls(safe: Server) -> None:
    assert safe.post(INFER, REQUEST).status_code == 200
    assert safe.post(INFER, {**REQUEST, "id": "x" * 100_000}).status_code == 200
    assert safe.get("/v2/models/safe").status_code == 200
    assert safe.get("/metrics").status_code == 200


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_new_versions_of_tls_are_spoken(
    safe: Server, authority: Authority, version: ssl.TLSVersion
) -> None:
    client = authority.trusting()
    client.minimum_version = client.maximum_version = version
    assert serial(safe, client)


def test_old_versions_are_not(safe: Server, authority: Authority) -> None:
    client = authority.trusting()
    client.set_ciphers("DEFAULT@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSv1"):
        client.minimum_version = ssl.TLSVersion.TLSv1
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        client.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises((ssl.SSLError, ConnectionError)):
        serial(safe, client)


def test_a_client_without_tls_does_no_harm(safe: Server) -> None:
    with pytest.raises(httpx.TransportError):
        httpx.get(f"http://127.0.0.1:{safe.port}/", timeout=5)
    assert safe.post(INFER, REQUEST).status_code == 200


def test_a_new_certificate_is_shown_and_no_request_fails(
    safe: Server, authority: Authority, tmp_path: Path
) -> None:
    client, failed, stop = authority.trusting(), list[str](), threading.Event()
    before = serial(safe, client)

    def ask(post: Callable[..., httpx.Response]) -> None:
        while not stop.is_set():
            try:
                answer = post(INFER, json=REQUEST)
            except httpx.TransportError as error:
                failed.append(repr(error))
            else:
                failed.extend([answer.text] if answer.status_code != 200 else [])

    kept = httpx.Client(base_url=safe.url, verify=client, timeout=10)
    users = [threading.Thread(target=ask, args=(post,)) for post in (kept.post, safe.post)]
    for user in users:
        user.start()
    try:
        authority.issue(tmp_path)
        until(lambda: serial(safe, client) != before, "a new certificate", safe)
        time.sleep(0.2)
    finally:
        stop.set()
        for user in users:
            user.join()
        kept.close()
    assert failed == []


def test_a_bad_certificate_leaves_the_old_one_and_says_so(
    safe: Server, authority: Authority, tmp_path: Path
) -> None:
    client = authority.trusting()
    before = serial(safe, client)

    (tmp_path / "tls.crt").write_text("nonsense")

    words = "the certificate from before is still served"
    until(lambda: words in safe.log.read_text(), "told", safe)
    assert serial(safe, client) == before


def test_only_clients_with_a_certificate_are_served_where_one_is_asked_for(
    model: Path, authority: Authority, tmp_path: Path
) -> None:
    certificate, key = authority.issue(tmp_path)
    clients, later = Authority(), Authority()
    allowed = clients.save(tmp_path / "clients.crt")
    options = (
        *("--tls-certificate", str(certificate), "--tls-key", str(key)),
        *("--tls-client-ca", str(allowed)),
    )
    with serving(model, *options, tls=authority.trusting(presenting=clients)) as server:
        assert server.post(INFER, REQUEST).status_code == 200
        for stranger in (authority.trusting(), authority.trusting(presenting=later)):
            with pytest.raises(httpx.TransportError):
                httpx.get(server.url, verify=stranger, timeout=5)

        later.save(allowed)
        until(lambda: "a new certificate is served" in server.log.read_text(), "told", server)
        newcomer = authority.trusting(presenting=later)
        assert httpx.get(server.url + "/v2", verify=newcomer, timeout=5).status_code == 200
        with pytest.raises(httpx.TransportError):
            server.get("/v2")


def test_files_that_cannot_be_served_with_end_the_start(model: Path, tmp_path: Path) -> None:
    with (
        pytest.raises(AssertionError, match="TLS cannot be served with"),
        serving(model, "--tls-certificate", str(tmp_path / "nothing")),
    ):
        pass
    with (
        pytest.raises(AssertionError, match="needs --tls-certificate"),
        serving(model, "--tls-key", str(tmp_path / "nothing")),
    ):
        pass
