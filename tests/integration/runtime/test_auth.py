"""Keys of a running server: every way to it is closed, and a new key needs no restart."""

import json
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from runtime_testing import models
from runtime_testing.serving import PROMPT, Server, infer, serving, until

INFER = "/v2/models/locked/infer"
REQUEST = infer(A=("FP32", [1, 4], [1, 2, 3, 4]), B=("FP32", [1, 4], [0, 0, 0, 0]))
KEY = "a key that is long enough"
OTHER = "another that is as long"
BEARER = {"authorization": f"Bearer {KEY}"}


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    path = tmp_path / "keys"
    path.write_text(f"# for the tests\n{KEY}\n")
    return path


@pytest.fixture
def locked(save: Callable[[str, bytes], Path], keys: Path) -> Iterator[Server]:
    with serving(save("locked", models.adder()), "--keys", str(keys)) as server:
        yield server


def is_refused(answer: httpx.Response) -> bool:
    assert answer.status_code in (200, 401)
    if answer.status_code == 401:
        assert answer.headers["www-authenticate"] == 'Bearer realm="slipway"'
        assert answer.headers["content-type"] == "application/json"
        assert "a key is needed" in answer.json()["error"]
    return answer.status_code == 401


def test_no_way_leads_round_the_key(locked: Server) -> None:
    large = {**REQUEST, "id": "x" * 100_000}
    for body in (REQUEST, large):
        assert is_refused(locked.post(INFER, body))
        assert not is_refused(locked.post(INFER, body, headers=BEARER))
        assert not is_refused(locked.post(INFER, body, headers={"x-api-key": KEY}))
        assert is_refused(locked.post(INFER, body, headers={"x-api-key": KEY + "x"}))
    for path in ("/", "/v2", "/v2/models/locked", "/docs", "/openapi.json"):
        assert is_refused(locked.get(path))
        assert not is_refused(locked.get(path, headers=BEARER))
    for path in ("/v2/health/live", "/v2/health/ready", "/v2/models/locked/ready", "/metrics"):
        assert not is_refused(locked.get(path))


def test_a_connection_that_showed_a_key_must_show_it_again(locked: Server) -> None:
    with httpx.Client(base_url=locked.url, timeout=PROMPT) as client:
        assert not is_refused(client.post(INFER, json=REQUEST, headers=BEARER))
        assert is_refused(client.post(INFER, json=REQUEST))


def test_a_stranger_with_a_large_body_hears_the_refusal_before_it_is_sent(locked: Server) -> None:
    head = f"POST {INFER} HTTP/1.1\r\nhost: x\r\ncontent-length: 60000000\r\n\r\n"
    with socket.create_connection(("127.0.0.1", locked.port), timeout=5) as connection:
        connection.sendall(head.encode() + b" " * 1000)
        heard = connection.recv(4096)
    assert heard.startswith(b"HTTP/1.1 401 ")
    assert b"connection: close" in heard


def test_keys_are_exchanged_without_a_restart(locked: Server, keys: Path) -> None:
    fresh = keys.with_suffix(".fresh")
    fresh.write_text(f"{KEY}\n{OTHER}\n")
    fresh.replace(keys)
    other = {"x-api-key": OTHER}
    until(lambda: not is_refused(locked.get("/v2", headers=other)), "the new key", locked)
    assert not is_refused(locked.get("/v2", headers=BEARER))

    keys.write_text(f"{OTHER}\n")
    until(lambda: is_refused(locked.get("/v2", headers=BEARER)), "the old one gone", locked)
    assert not is_refused(locked.get("/v2", headers=other))

    keys.unlink()
    until(lambda: "keys from before stay valid" in locked.log.read_text(), "told", locked)
    assert not is_refused(locked.get("/v2", headers=other))


def test_no_key_is_ever_in_a_log(save: Callable[[str, bytes], Path], keys: Path) -> None:
    options = ("--keys", str(keys), "--access-log", "-")
    with serving(save("locked", models.adder()), *options) as server:
        server.post(INFER, REQUEST, headers=BEARER)
        server.post(INFER, REQUEST)
        until(lambda: server.log.read_text().count('"path"') == 2, "two lines", server)
        lines = [line for line in server.log.read_text().splitlines() if line.startswith("{")]
        assert [json.loads(line)["status"] for line in lines] == [200, 401]
        assert KEY not in server.log.read_text()


def test_probes_and_metrics_can_be_closed(save: Callable[[str, bytes], Path], keys: Path) -> None:
    options = ("--keys", str(keys), "--open", "health")
    with serving(save("locked", models.adder()), *options) as server:
        assert is_refused(server.get("/metrics"))
        assert not is_refused(server.get("/metrics", headers=BEARER))
        assert not is_refused(server.get("/v2/health/ready"))


@pytest.mark.parametrize("content", [None, "", "# none\n", "short\n"])
def test_a_server_that_would_protect_nothing_does_not_start(
    save: Callable[[str, bytes], Path], keys: Path, content: str | None
) -> None:
    if content is None:
        keys.unlink()
    else:
        keys.write_text(content)
    with (
        pytest.raises(AssertionError, match=str(keys)),
        serving(save("locked", models.adder()), "--keys", str(keys)),
    ):
        pass
