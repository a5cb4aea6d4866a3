"""Whatever a client sends: an answer in words, and the next good request is served."""

import gzip
import json
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from runtime_testing import models
from runtime_testing.serving import PROMPT, Server, infer, serving, until

FEATURES = ["a", "b", "c", "d"]
RULES = json.dumps([{"name": "X", "range": [0, 10], "features": FEATURES}])
FLOWER = dict(zip(FEATURES, [1, 2, 3, 4], strict=True))
X = ("FP32", [1, 4], [1, 2, 3, 4])
INFER = "/v2/models/strict/infer"
MIB = 2**20


@pytest.fixture(scope="module")
def strict(save: Callable[[str, bytes], Any]) -> Iterator[Server]:
    with serving(save("strict", models.classifier()), "--inputs", RULES) as server:
        yield server


def tensor(**changes: Any) -> bytes:
    request = infer(X=X)
    request["inputs"][0] |= changes
    return json.dumps(request).encode()


def row(**changes: Any) -> bytes:
    return json.dumps({**FLOWER, **changes}).encode()


@dataclass(frozen=True)
class Bad:
    """A request, and how it is refused."""

    body: bytes
    status: int = 400
    words: str = ""
    path: str = INFER
    method: str = "POST"
    headers: dict[str, str] = field(default_factory=dict)


BAD = {
    "no body": Bad(b"", words="empty"),
    "not JSON": Bad(b"{not json", words="not JSON"),
    "a form": Bad(b"a=1&b=2", words="not JSON", path="/predict"),
    "not an object": Bad(b"[1]", words="must be a JSON object"),
    "nested without end": Bad(b"[" * 250_000, words="nested too deep"),
    "parameters nested without end": Bad(
        b'{"inputs":[],"parameters":' + b'{"a":' * 5000 + b"1" + b"}" * 5001,
        words="nested too deep",
    ),
    "no inputs": Bad(b"{}", words="'inputs'"),
    "empty inputs": Bad(b'{"inputs":[]}', words="missing input 'X'"),
    "wrong input": Bad(tensor(name="Y"), words="unknown input 'Y'"),
    "extra input": Bad(
        json.dumps(infer(X=X, Y=X)).encode(), words="unknown input 'Y'; the model takes 'X'"
    ),
    "the same input twice": Bad(
        json.dumps({"inputs": infer(X=X)["inputs"] * 2}).encode(), words="'X' already exists"
    ),
    "wrong rank": Bad(tensor(shape=[4]), words="has shape [-1, 4]"),
    "wrong size": Bad(tensor(shape=[1, 3], data=[1, 2, 3]), words="has shape [-1, 4]"),
    "negative size": Bad(tensor(shape=[-1, 4]), words="negative"),
    "a size that overflows": Bad(tensor(shape=[2**62, 4]), words="too large"),
    "sizes whose product overflows": Bad(tensor(shape=[2**31 - 1, 4]), words="needs 8589934588"),
    "too few values": Bad(tensor(data=[1, 2, 3]), words="needs 4 values, not 3"),
    "too many values": Bad(tensor(data=[1, 2, 3, 4, 5]), words="needs 4 values, not 5"),
    "ragged lists": Bad(tensor(shape=[2, 4], data=[[1, 2, 3, 4], [1]]), words="data[1]: 1 values"),
    "wrong datatype": Bad(tensor(datatype="FP64"), words="datatype FP32"),
    "unknown datatype": Bad(tensor(datatype="FP8"), words="datatype FP32"),
    "text for a number": Bad(tensor(data=["1.5", 2, 3, 4]), words="element [0, 0]: text"),
    "true for a number": Bad(tensor(data=[1, True, 3, 4]), words="element [0, 1]: true/false"),
    "out of range": Bad(tensor(data=[1, 2, 3, 11]), words="11.0 is outside 0 to 10"),
    "NaN": Bad(tensor(data=[1, 2, 3, float("nan")]), words="NaN and Infinity are not JSON"),
    "Infinity": Bad(tensor(data=[1, 2, 3, float("-inf")]), words="NaN and Infinity are not JSON"),
    "null where a range is declared": Bad(tensor(data=[1, 2, 3, None]), words="missing number"),
    "a number beyond the datatype": Bad(tensor(data=[1, 2, 3, 1e300]), words="out of range"),
    "a number beyond a double": Bad(
        tensor(data=[1, 2, 3, 4]).replace(b"4]", b"1e999]"), words="too large"
    ),
    "a binary tensor that is nowhere": Bad(
        tensor(data=None, parameters={"binary_data_size": 16}), words="announces 16 binary bytes"
    ),
    "a length of the JSON that cuts it": Bad(
        tensor(), words="not JSON", headers={"Inference-Header-Content-Length": "9"}
    ),
    "a length of the JSON beyond the body": Bad(
        tensor(),
        words="the body has",
        headers={"Inference-Header-Content-Length": "99999999999"},
    ),
    "a length of the JSON that is negative": Bad(
        tensor(), words="is no length", headers={"Inference-Header-Content-Length": "-1"}
    ),
    "a length of the JSON that is no number": Bad(
        tensor(), words="is no length", headers={"Inference-Header-Content-Length": "ten"}
    ),
    "a raw request of half an element": Bad(
        b"x" * 7, words="a multiple of 16", headers={"Inference-Header-Content-Length": "0"}
    ),
    "compressed in a strange way": Bad(
        tensor(), 415, "use gzip, deflate", headers={"Content-Encoding": "br"}
    ),
    "said to be compressed": Bad(
        tensor(), words="the body is not gzip", headers={"Content-Encoding": "gzip"}
    ),
    "compressed, and cut": Bad(
        gzip.compress(tensor())[:-1], words="in the middle", headers={"Content-Encoding": "gzip"}
    ),
    "a bomb": Bad(
        gzip.compress(b" " * 100_000_000), 413, "64 MiB", headers={"Content-Encoding": "gzip"}
    ),
    "unknown output": Bad(
        json.dumps({**infer(X=X), "outputs": [{"name": "Z"}]}).encode(), words="unknown output 'Z'"
    ),
    "the same output twice": Bad(
        json.dumps({**infer(X=X), "outputs": [{"name": "label"}] * 2}).encode(),
        words="output 'label' already exists",
    ),
    "no such model": Bad(tensor(), 404, "unknown model 'other'", "/v2/models/other/infer"),
    "no such version": Bad(tensor(), 404, "no version '9'", "/v2/models/strict/versions/9/infer"),
    "a model's name that climbs": Bad(tensor(), 404, "", "/v2/models/../../etc/passwd/infer"),
    "an encoded climb": Bad(tensor(), 404, "", "/v2/models/..%2f..%2fetc/infer"),
    "wrong verb": Bad(b"", 405, "use POST", method="GET"),
    "wrong verb on a probe": Bad(b"", 405, "use GET", "/v2/health/ready"),
    "no such page": Bad(b"", 404, "/nothing", "/nothing", "GET"),
    "a batch that is no list": Bad(row(), words="a list of rows", path="/predict/batch"),
    "a bad row in a batch": Bad(
        json.dumps([FLOWER, {**FLOWER, "c": "x"}]).encode(),
        words="row 1: 'c': text (x)",
        path="/predict/batch",
    ),
    "a list of nothing": Bad(b"[]", words="empty", path="/predict"),
    "no feature": Bad(b"{}", words="missing 'a', 'b', 'c', 'd'", path="/predict"),
    "a missing feature": Bad(
        json.dumps({"a": 1, "b": 2, "c": 3}).encode(), words="missing 'd'", path="/predict"
    ),
    "an unknown feature": Bad(row(e=1), words="does not know 'e'", path="/predict"),
    "a feature of the wrong type": Bad(row(d="x"), words="'d': text (x)", path="/predict"),
    "a feature out of range": Bad(row(d=-1), words="'d': -1.0 is outside", path="/predict"),
    "a feature that is null": Bad(row(d=None), words="'d': a missing number", path="/predict"),
    "a feature that is a list": Bad(row(d=[1]), words="'d': a list", path="/predict"),
    "one bad row of many": Bad(
        json.dumps([FLOWER] * 99 + [{**FLOWER, "b": 99}]).encode(),
        words="row 99: 'b'",
        path="/predict",
    ),
    "a body of 100 MB": Bad(b" " * 100_000_000, 413, "64 MiB"),
}


def is_served(server: Server) -> None:
    answer = server.post(INFER, infer(X=X))
    assert answer.status_code == 200, answer.text
    assert answer.json()["outputs"][0]["data"] == [2]


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
def test_a_bad_request_is_refused_in_words_and_the_next_good_one_served(
    strict: Server, bad: Bad
) -> None:
    answer = httpx.request(
        bad.method, strict.url + bad.path, content=bad.body, headers=bad.headers, timeout=PROMPT
    )

    assert answer.status_code == bad.status, answer.text
    assert answer.headers["content-type"] == "application/json"
    assert answer.json().keys() == {"error"}
    assert bad.words in answer.json()["error"]
    assert "Traceback" not in answer.text
    is_served(strict)


def test_both_apis_serve_what_is_good(strict: Server) -> None:
    is_served(strict)
    assert strict.post("/predict", FLOWER).json()["label"] == 2
    assert len(strict.post("/predict", [FLOWER] * 3).json()) == 3


def talk(server: Server, *parts: bytes) -> bytes:
    """Say exactly these bytes; return all that is answered until the end or a pause."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=2) as connection:
        heard = b""
        try:
            for part in parts:
                connection.sendall(part)
            while chunk := connection.recv(65536):
                heard += chunk
        except (TimeoutError, ConnectionError):
            pass
        return heard


HEAD = b"POST " + INFER.encode() + b" HTTP/1.1\r\nhost: x\r\n"
CHUNKED = HEAD + b"transfer-encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ([b"this is not HTTP\r\n\r\n"], 400),
        ([b"\x16\x03\x01\x02\x00\x01"], 400),
        ([HEAD + b"content-length: -5\r\n\r\n"], 400),
        ([HEAD + b"content-length: 99999999999999999999\r\n\r\n"], 400),
        ([HEAD + b"content-length: 99999999999\r\n\r\n"], 413),
        ([HEAD + b"transfer-encoding: chunked\r\n\r\nNOTHEX\r\n"], 400),
        ([b"GET / HTTP/1.1\r\n" + b"x: y\r\n" * 20_000], 431),
        ([b"GET /" + b"a" * 200_000 + b" HTTP/1.1\r\n\r\n"], 431),
        ([CHUNKED, *[b"100000\r\n" + b" " * MIB + b"\r\n"] * 70], 413),
    ],
    ids=[
        "not HTTP",
        "TLS",
        "a negative length",
        "a length that overflows",
        "a length too large",
        "a bad chunk",
        "headers without end",
        "an endless path",
        "chunks without end",
    ],
)
def test_bad_http_is_refused_in_words(strict: Server, said: list[bytes], status: int) -> None:
    heard = talk(strict, *said)

    assert heard.startswith(b"HTTP/1.1 %d " % status), heard[:200]
    assert b"connection: close" in heard
    assert b'{"error":' in heard
    is_served(strict)


def test_a_large_body_is_told_so_without_being_sent(strict: Server) -> None:
    asked = HEAD + b"expect: 100-continue\r\ncontent-length: 100000000\r\n\r\n"

    started = time.monotonic()
    with socket.create_connection(("127.0.0.1", strict.port), timeout=5) as connection:
        connection.sendall(asked)
        assert connection.recv(100).startswith(b"HTTP/1.1 413 ")
    assert time.monotonic() - started < 2


def test_a_body_in_chunks_is_read(strict: Server) -> None:
    text = tensor()
    parts = iter([text[:10], text[10:]])

    answer = httpx.post(strict.url + INFER, content=parts, timeout=PROMPT)

    assert answer.status_code == 200


def test_the_content_type_does_not_matter(strict: Server) -> None:
    for kind in ("application/octet-stream", "text/plain", "multipart/form-data"):
        answer = httpx.post(
            strict.url + INFER, content=tensor(), headers={"content-type": kind}, timeout=PROMPT
        )
        assert answer.status_code == 200


def test_values_beyond_the_memory_of_the_container_are_refused_and_memory_stays_flat(
    strict: Server,
) -> None:
    before = strict.metric("process_resident_memory_bytes")
    for _ in range(3):
        answer = httpx.post(strict.url + INFER, content=b"[[],[[]]]" * 7 * MIB, timeout=PROMPT)
        assert answer.status_code in (400, 413)

    is_served(strict)
    assert strict.metric("process_resident_memory_bytes") - before < 250 * MIB


def test_clients_that_leave_in_the_middle_leave_nothing_behind(strict: Server) -> None:
    before = strict.metric("slipway_requests_total", code="499")
    for _ in range(50):
        with socket.create_connection(("127.0.0.1", strict.port)) as connection:
            connection.sendall(HEAD + b"content-length: 1000\r\n\r\n" + b"{")

    until(lambda: strict.metric("slipway_requests_in_flight") == 0, "idle", strict)
    assert strict.metric("slipway_requests_total", code="499") == before + 50
    assert "Traceback" not in strict.log.read_text()
    is_served(strict)
