"""Fetching over HTTP from real servers, most of them bad."""

import hashlib
import os
import signal
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import certifi
import pytest

from runtime_testing import models
from runtime_testing.fetching import DIGEST, MODEL, Fetcher, refused
from runtime_testing.serving import PROMPT
from runtime_testing.web import CERTIFICATE, Handler, Web, answer, outside_address, web
from slipway_runtime.errors import ModelError, Reason
from slipway_runtime.fetch import http
from slipway_runtime.fetch.http import Download, download
from slipway_runtime.fetch.policy import policy
from slipway_runtime.fetch.verify import Budget, Sink

MIB = 2**20


@pytest.fixture
def good() -> Iterator[Web]:
    with web(answer(body=MODEL)) as server:
        yield server


def test_a_model_is_fetched_and_verified(fetch: Fetcher, good: Web) -> None:
    outcome = fetch(f"{good.url}/iris/model.onnx")

    assert outcome.code == 0, outcome.output
    assert outcome.reason is None
    assert fetch.model.read_bytes() == MODEL
    assert good.paths == ["/iris/model.onnx"]
    assert good.requests[0].headers["host"] == f"{good.address}:{good.port}"


def test_what_is_there_and_verified_is_not_fetched_again(fetch: Fetcher, good: Web) -> None:
    assert fetch(f"{good.url}/m").code == 0
    again = fetch(f"{good.url}/m")

    assert again.code == 0
    assert "already there" in again.output
    assert len(good.requests) == 1


def test_what_is_there_and_wrong_is_replaced(fetch: Fetcher, good: Web) -> None:
    fetch.model.parent.mkdir()
    fetch.model.write_bytes(b"something else")

    assert fetch(f"{good.url}/m").code == 0
    assert fetch.model.read_bytes() == MODEL


@pytest.mark.parametrize(
    ("handler", "reason", "words"),
    [
        (answer(404), Reason.MODEL_NOT_FOUND, "404"),
        (answer(410), Reason.MODEL_NOT_FOUND, "410"),
        (answer(401), Reason.FETCH_FAILED, "401; is HTTP_AUTHORIZATION right"),
        (answer(403), Reason.FETCH_FAILED, "403; is HTTP_AUTHORIZATION right"),
        (answer(500, b"secret stack"), Reason.FETCH_FAILED, "the server says 500"),
        (answer(206, MODEL[:9]), Reason.FETCH_FAILED, "the server says 206"),
        (answer(204), Reason.FETCH_FAILED, "the server says 204"),
        (answer(body=MODEL + b" "), Reason.CHECKSUM_MISMATCH, DIGEST),
        (answer(body=MODEL[:-1]), Reason.CHECKSUM_MISMATCH, DIGEST),
        (answer(body=b""), Reason.CHECKSUM_MISMATCH, DIGEST),
        (answer(body=MODEL, content_encoding="gzip"), Reason.FETCH_FAILED, "compressed"),
        (answer(302), Reason.FETCH_FAILED, "leads nowhere"),
        (answer(302, location="/again"), Reason.FETCH_FAILED, "more than 5 redirects"),
        (answer(302, location="file:///etc/passwd"), Reason.SOURCE_REFUSED, "refused URL"),
        (answer(302, location="http://u:p@h/"), Reason.SOURCE_REFUSED, "credentials"),
        (answer(302, location="http://h:port/"), Reason.FETCH_FAILED, "location"),
        (answer(302, location="http://127.0.0.1/"), Reason.SOURCE_REFUSED, "loopback"),
        (answer(302, location="http://localhost/"), Reason.SOURCE_REFUSED, "loopback"),
        (
            answer(302, location="http://169.254.169.254/latest/meta-data"),
            Reason.SOURCE_REFUSED,
            "metadata",
        ),
    ],
)  # fmt: skip
def test_a_bad_answer_is_named(
    fetch: Fetcher, handler: Handler, reason: Reason, words: str
) -> None:
    with web(handler) as server:
        outcome = fetch(f"{server.url}/m")

    refused(outcome, reason, words)
    assert "secret stack" not in outcome.output
    assert not fetch.model.exists()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (MODEL[:200], "truncated"),
        (b"\x80\x04\x95.", "pickle"),
        (b"<!doctype html><html>Not found</html>", "HTML"),
        (models.outside("weights.bin"), "pvc:// or oci://"),
        (models.outside("../../etc/passwd"), "outside of its folder"),
        (b"", "empty"),
    ],
)
def test_what_has_the_right_digest_and_is_no_model_is_refused(
    fetch: Fetcher, content: bytes, words: str
) -> None:
    with web(answer(body=content)) as server:
        outcome = fetch(f"{server.url}/m", sha256=hashlib.sha256(content).hexdigest())

    refused(outcome, Reason.FORMAT_REJECTED, words)
    assert not fetch.model.exists()


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "127.1",
        "2130706433",
        "0x7f.1",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "0.0.0.0",  # noqa: S104
        "[::]",
        "0",
    ],
)
def test_the_node_itself_is_never_asked_however_it_is_written(fetch: Fetcher, host: str) -> None:
    with web(answer(body=MODEL), "127.0.0.1") as inside:
        outcome = fetch(f"http://{host}:{inside.port}/m")

        refused(outcome, Reason.SOURCE_REFUSED, "never come from there")
        assert inside.requests == []


@pytest.mark.parametrize(
    "uri",
    [
        "http://169.254.169.254/latest/meta-data",
        "http://[fd00:ec2::254]/latest/meta-data",
        "http://100.100.100.200/latest/meta-data",
        "file:///etc/passwd",
        "https://user:secret@models.example/m.onnx",
        "ftp://models.example/m.onnx",
        "http://xn--/m.onnx",
    ],
)
def test_other_sources_are_refused_without_being_asked(fetch: Fetcher, uri: str) -> None:
    started = time.monotonic()

    assert fetch(uri).reason == Reason.SOURCE_REFUSED
    assert time.monotonic() - started < PROMPT


def test_a_redirect_is_followed_and_checked_as_the_first_address_was(
    fetch: Fetcher, good: Web
) -> None:
    with web(answer(302, location=f"{good.url}/real?token=1")) as first:
        assert fetch(f"{first.url}/m").code == 0
        listed = fetch(f"{first.url}/m", sha256="0" * 64, SLIPWAY_ALLOWED_SOURCES=first.url)

    assert good.paths == ["/real?token=1"]
    refused(listed, Reason.SOURCE_REFUSED, f"{good.url} is not an allowed source")


def test_credentials_are_never_sent_to_another_host(fetch: Fetcher, good: Web) -> None:
    with web(answer(302, location=f"{good.url}/real")) as first:
        assert fetch(f"{first.url}/m", HTTP_AUTHORIZATION="Bearer token").code == 0

    assert first.requests[0].headers["authorization"] == "Bearer token"
    assert good.requests[0].headers["authorization"] is None


def test_credentials_go_along_with_a_redirect_on_the_same_host(fetch: Fetcher) -> None:
    def handle(request: BaseHTTPRequestHandler) -> None:
        here = answer(302, location="/there") if request.path == "/m" else answer(body=MODEL)
        here(request)

    with web(handle) as server:
        assert fetch(f"{server.url}/m", HTTP_AUTHORIZATION="Bearer token").code == 0

    assert [r.headers["authorization"] for r in server.requests] == ["Bearer token"] * 2


def test_a_size_beyond_the_limit_is_refused_before_it_is_sent(fetch: Fetcher) -> None:
    with web(answer(content_length=str(10 * MIB))) as server:
        outcome = fetch(f"{server.url}/m", "--size-limit", "5Mi")

    refused(outcome, Reason.MODEL_TOO_LARGE, "5 MiB")


def test_a_size_that_is_not_told_is_refused_when_it_is_too_large(fetch: Fetcher) -> None:
    sent = []

    def endless(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.end_headers()
        try:
            for _ in range(1000):
                request.wfile.write(b"x" * MIB)
                sent.append(1)
        except ConnectionError:
            pass

    with web(endless) as server:
        outcome = fetch(f"{server.url}/m", "--size-limit", "5Mi")

    refused(outcome, Reason.MODEL_TOO_LARGE, "5 MiB")
    assert len(sent) < 100


def cut(times: int) -> Handler:
    """Break off in the middle so many times, then behave."""
    left = [times]

    def handle(request: BaseHTTPRequestHandler) -> None:
        left[0] -= 1
        short = MODEL if left[0] < 0 else MODEL[:50]
        request.send_response(200)
        request.send_header("content-length", str(len(MODEL)))
        request.end_headers()
        request.wfile.write(short)

    return handle


def test_a_connection_that_breaks_is_tried_again(fetch: Fetcher) -> None:
    with web(cut(1)) as server:
        outcome = fetch(f"{server.url}/m")

    assert outcome.code == 0, outcome.output
    assert "trying again" in outcome.output
    assert len(server.requests) == 2


def test_a_connection_that_always_breaks_is_given_up(fetch: Fetcher) -> None:
    with web(cut(100)) as server:
        outcome = fetch(f"{server.url}/m")

    refused(outcome, Reason.FETCH_FAILED, "3 attempts")
    assert len(server.requests) == 3


def test_nobody_there_is_a_failure_worth_retrying(fetch: Fetcher) -> None:
    with web(answer()) as server:
        url = server.url
    refused(fetch(f"{url}/m"), Reason.FETCH_FAILED, "ConnectError")


def test_a_name_that_nobody_knows_is_named(fetch: Fetcher) -> None:
    outcome = fetch("http://no-such-host.invalid/m.onnx")

    refused(outcome, Reason.FETCH_FAILED, "cannot resolve no-such-host.invalid")


def test_a_long_transfer_shows_how_it_goes(fetch: Fetcher) -> None:
    def slow(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("content-length", str(len(MODEL)))
        request.end_headers()
        request.wfile.write(MODEL[:100])
        time.sleep(2.2)
        request.wfile.write(MODEL[100:])

    with web(slow) as server:
        outcome = fetch(f"{server.url}/m")

    assert outcome.code == 0
    assert "MiB/s" in outcome.output


def test_a_run_that_is_killed_leaves_no_model_and_the_next_one_succeeds(
    fetch: Fetcher, good: Web
) -> None:
    def stuck(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("content-length", str(len(MODEL)))
        request.end_headers()
        request.wfile.write(MODEL[:100])
        time.sleep(PROMPT)

    with web(stuck) as server, fetch.start(f"{server.url}/m") as process:
        deadline = time.monotonic() + PROMPT
        while not list(fetch.folder.glob("dest/.*")):
            assert time.monotonic() < deadline
            time.sleep(0.01)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()

    assert not fetch.model.exists()
    assert fetch(f"{good.url}/m").code == 0
    assert fetch.model.read_bytes() == MODEL


def get(url: str, folder: Path, **options: Any) -> None:
    with Sink(folder, "m", Budget(MIB)) as sink:
        download(Download(url, policy(""), "label", pause=0, **options), sink)
        sink.complete(DIGEST)


def test_a_server_that_falls_silent_is_not_waited_for(tmp_path: Path) -> None:
    def silent(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("content-length", "100")
        request.end_headers()
        time.sleep(3)

    with web(silent) as server, pytest.raises(ModelError, match="ReadTimeout") as caught:
        get(server.url, tmp_path, patience=0.1)
    assert caught.value.reason is Reason.FETCH_FAILED


def test_a_name_is_resolved_once_and_the_checked_address_is_the_one_that_is_asked(
    tmp_path: Path, good: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name server that answers with a good address first and a bad one next gains nothing."""
    replies = [good.address, "127.0.0.1"]

    def rebinding(host: str, *_: Any, **__: Any) -> Any:
        assert host == "models.test"
        return [(2, 1, 6, "", (replies.pop(0), 0))]

    monkeypatch.setattr(http, "getaddrinfo", rebinding)
    get(f"http://models.test:{good.port}/m", tmp_path)

    assert replies == ["127.0.0.1"]
    assert good.requests[0].headers["host"] == f"models.test:{good.port}"


def test_one_bad_address_of_several_is_enough_to_refuse(
    tmp_path: Path, good: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    replies = [(2, 1, 6, "", (address, 0)) for address in (good.address, "169.254.169.254")]
    monkeypatch.setattr(http, "getaddrinfo", lambda *_, **__: replies)

    with pytest.raises(ModelError, match="metadata"):
        get(f"http://models.test:{good.port}/m", tmp_path)
    assert good.requests == []


def test_the_next_attempt_asks_the_next_address(
    tmp_path: Path, good: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    replies = [(2, 1, 6, "", (address, 0)) for address in ("198.51.100.1", good.address)]
    monkeypatch.setattr(http, "getaddrinfo", lambda *_, **__: replies)
    monkeypatch.setattr(http, "_CONNECT_SECONDS", 0.2)

    get(f"http://models.test:{good.port}/m", tmp_path)


@pytest.fixture
def trusted(monkeypatch: pytest.MonkeyPatch) -> Iterator[Web]:
    """A server with a certificate for models.test, which everybody trusts and every name finds."""
    monkeypatch.setattr(certifi, "where", lambda: str(CERTIFICATE))
    with web(answer(body=MODEL), tls=True) as server:
        reply = [(2, 1, 6, "", (server.address, 0))]
        monkeypatch.setattr(http, "getaddrinfo", lambda *_, **__: reply)
        yield server


def test_a_certificate_is_held_against_the_name_not_the_address(
    tmp_path: Path, trusted: Web
) -> None:
    get(f"https://models.test:{trusted.port}/m", tmp_path)

    with pytest.raises(ModelError, match="certificate") as caught:
        get(f"https://other.test:{trusted.port}/m", tmp_path)
    assert caught.value.reason is Reason.FETCH_FAILED
    assert len(trusted.requests) == 1


def test_a_certificate_that_nobody_vouches_for_is_refused(
    tmp_path: Path, trusted: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    reply = [(2, 1, 6, "", (trusted.address, 0))]
    monkeypatch.setattr(http, "getaddrinfo", lambda *_, **__: reply)

    with pytest.raises(ModelError, match="self-signed certificate"):
        get(f"https://models.test:{trusted.port}/m", tmp_path)


def test_the_address_of_this_machine_is_no_loopback() -> None:
    assert not outside_address().startswith("127.")
