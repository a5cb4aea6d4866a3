"""A new model file in the place of the one that is served, while users ask."""

import hashlib
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from runtime_testing import models
from runtime_testing.serving import PROMPT, Server, infer, serving, until

INFER = "/v2/models/model/infer"
REQUEST = infer(X=("INT64", [1, 1], [0]))
LARGE = {**REQUEST, "parameters": {"padding": "x" * 100_000}}
SMALL = 1000
MIB = 2**20


def put(path: Path, content: bytes) -> None:
    """Exchange a file in one step."""
    fresh = path.with_suffix(".fresh")
    fresh.write_bytes(content)
    fresh.replace(path)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "model.onnx"
    put(path, models.table(SMALL, 1))
    return path


@pytest.fixture
def server(path: Path) -> Iterator[Server]:
    with serving(path, "--reload") as server:
        yield server


def answer(server: Server) -> float:
    asked = server.post(INFER, REQUEST)
    assert asked.status_code == 200, asked.text
    return float(asked.json()["outputs"][0]["data"][0])


def becomes(server: Server, value: float) -> None:
    until(lambda: answer(server) == value, f"the model that answers {value}", server)


def reloads(server: Server, outcome: str) -> float:
    return server.metric("slipway_reloads_total", outcome=outcome)


def last(server: Server) -> dict[str, Any]:
    told: dict[str, Any] = server.get("/v2/models/model/stats").json()["last_reload"]
    return told


@contextmanager
def users(server: Server) -> Iterator[set[float]]:
    """Ask all the time on both lanes; nobody is ever refused. Yields what was answered."""
    answers: set[float] = set()
    failed: list[str] = []
    stop = threading.Event()

    def ask(request: dict[str, Any]) -> None:
        with httpx.Client(base_url=server.url, timeout=PROMPT) as client:
            while not stop.is_set():
                try:
                    asked = client.post(INFER, json=request)
                except httpx.TransportError as error:
                    failed.append(repr(error))
                    continue
                if asked.status_code != 200:
                    failed.append(asked.text)
                else:
                    answers.add(asked.json()["outputs"][0]["data"][0])

    threads = [threading.Thread(target=ask, args=(request,)) for request in (REQUEST, LARGE)]
    for thread in threads:
        thread.start()
    try:
        yield answers
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert failed == []


def test_no_request_fails_while_models_are_exchanged(server: Server, path: Path) -> None:
    with users(server) as answers:
        for value in (2, 3, 4):
            put(path, models.table(SMALL, value))
            becomes(server, value)
    assert answers == {1, 2, 3, 4}
    assert reloads(server, "loaded") == 3
    assert last(server)["outcome"] == "loaded"
    assert not last(server)["signature_changed"]


def test_a_link_that_is_swapped_is_followed_as_in_a_config_map(tmp_path: Path) -> None:
    for folder, value in (("one", 1), ("two", 2)):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "model.onnx").write_bytes(models.table(SMALL, value))
    (tmp_path / "..data").symlink_to("one")
    path = tmp_path / "model.onnx"
    path.symlink_to("..data/model.onnx")
    with serving(path, "--reload") as server:
        (tmp_path / "swap").symlink_to("two")
        (tmp_path / "swap").replace(tmp_path / "..data")
        becomes(server, 2)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "FormatRejected: the file is empty"),
        (b"\x80\x04\x95" + b"\0" * 100, "FormatRejected"),
        (models.table(SMALL, 2)[:-100], "FormatRejected"),
        (models.zipmapped(), "LoadFailed"),
    ],
    ids=["empty", "a pickle", "half a model", "no tensors"],
)
def test_a_bad_file_leaves_the_old_model_and_says_so(
    server: Server, path: Path, content: bytes, words: str
) -> None:
    with users(server) as answers:
        put(path, content)
        until(lambda: reloads(server, "refused") == 1, "refused", server)
    assert answers == {1}
    assert last(server)["outcome"] == "refused"
    assert words in last(server)["message"]
    assert f"the new file is refused: {last(server)['message']}" in server.log.read_text()
    assert server.get("/v2/health/ready").status_code == 200

    put(path, models.table(SMALL, 2))
    becomes(server, 2)
    assert last(server)["outcome"] == "loaded"


def test_a_file_that_is_gone_leaves_the_old_model(server: Server, path: Path) -> None:
    path.unlink()
    until(lambda: reloads(server, "refused") == 1, "refused", server)
    assert answer(server) == 1

    put(path, models.table(SMALL, 2))
    becomes(server, 2)


def test_the_sha256_beside_it_must_be_right(path: Path) -> None:
    digest = path.with_name("model.onnx.sha256")
    digest.write_text(hashlib.sha256(path.read_bytes()).hexdigest())
    with serving(path, "--reload") as server:
        put(path, models.table(SMALL, 2))
        until(lambda: reloads(server, "refused") == 1, "refused", server)
        assert "ChecksumMismatch" in last(server)["message"]
        assert answer(server) == 1

        digest.write_text(hashlib.sha256(path.read_bytes()).hexdigest())
        becomes(server, 2)


def test_another_signature_is_allowed_and_told(server: Server, path: Path) -> None:
    put(path, models.adder())
    until(lambda: reloads(server, "loaded") == 1, "loaded", server)

    assert last(server)["signature_changed"]
    inputs = server.get("/v2/models/model").json()["inputs"]
    assert [entry["name"] for entry in inputs] == ["A", "B"]
    assert "unknown input 'X'" in server.post(INFER, REQUEST).json()["error"]
    request = infer(A=("FP32", [1, 4], [1] * 4), B=("FP32", [1, 4], [2] * 4))
    assert server.post(INFER, request).json()["outputs"][0]["data"] == [3] * 4
    assert '"A"' in server.get("/openapi.json").text


def test_the_memory_of_the_old_model_is_given_back_after_its_last_request(
    server: Server, path: Path
) -> None:
    def resident() -> float:
        return server.metric("process_resident_memory_bytes")

    before = resident()
    put(path, models.table(40 * MIB, 2))  # 160 MiB
    becomes(server, 2)
    assert resident() - before > 140 * MIB

    put(path, models.table(SMALL, 3))
    becomes(server, 3)
    until(lambda: resident() - before < 20 * MIB, "given back", server)


def test_many_reloads_take_no_more_memory(server: Server, path: Path) -> None:
    sizes = []
    for number in range(8):
        put(path, models.table(4 * MIB, number))  # 16 MiB
        until(lambda: reloads(server, "loaded") == number + 1, "loaded", server)  # noqa: B023
        time.sleep(0.3)
        sizes.append(server.metric("process_resident_memory_bytes"))
    assert sizes[-1] - sizes[2] < 20 * MIB, sizes


def test_a_file_that_comes_while_the_first_is_loaded_is_not_overtaken_by_it(path: Path) -> None:
    put(path, models.table(20 * MIB, 1))
    with serving(path, "--reload", "--warmup-requests", "200", wait=False) as server:
        put(path, models.table(SMALL, 2))
        server.tell(signal.SIGHUP)
        server.wait_until_ready()
        becomes(server, 2)
        time.sleep(1)
        assert answer(server) == 2


def test_a_signal_asks_for_it_at_once(server: Server) -> None:
    server.tell(signal.SIGHUP)
    until(lambda: reloads(server, "loaded") == 1, "loaded", server)


def test_without_the_option_a_new_file_is_left_alone_and_the_signal_does_no_harm(
    path: Path,
) -> None:
    with serving(path) as server:
        put(path, models.table(SMALL, 2))
        server.tell(signal.SIGHUP)
        time.sleep(3)
        assert answer(server) == 1
        assert reloads(server, "loaded") == 0


def test_the_end_does_not_wait_for_a_model_that_is_loading(path: Path) -> None:
    with serving(path, "--reload") as server:
        put(path, models.table(60 * MIB, 2))
        until(lambda: "a new model file" in server.log.read_text(), "loading", server)
        started = time.monotonic()
        server.process.send_signal(2)
        assert server.code() == 0
        assert time.monotonic() - started < 5
