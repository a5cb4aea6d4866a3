"""The Open Inference Protocol byte by byte, where no client shows what goes over the wire.

After each test the next good request is answered.
"""

import gzip
import json
import struct
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from typing import Any

import httpx
import numpy as np
import pytest

from runtime_testing import models
from runtime_testing.serving import PROMPT, Server, infer, serving

MIB = 2**20
HEADER = "inference-header-content-length"
LEFT = np.arange(4, dtype=np.float32).reshape(1, 4)
RIGHT = np.ones((1, 4), np.float32)
MODELS = {
    "adder": models.adder(),
    "free": models.identity(shape=("N", None, None)),
    "octets": models.identity(models.UINT8, ("N",)),
    "row": models.identity(shape=("N", 4)),
    "text": models.identity(models.STRING, ("N",)),
}


@pytest.fixture(scope="module")
def servers(save: Callable[[str, bytes], Any]) -> Iterator[Mapping[str, Server]]:
    with ExitStack() as stack:
        running = {
            name: stack.enter_context(serving(save(name, content), wait=False))
            for name, content in MODELS.items()
        }
        yield {name: server.wait_until_ready() for name, server in running.items()}


@pytest.fixture(autouse=True)
def the_next_good_request_is_answered(servers: Mapping[str, Server]) -> Iterator[None]:
    yield
    for name in ("adder", "text"):
        answer = ask(servers[name], GOOD[name])
        assert answer.status_code == 200, answer.text


GOOD = {
    "adder": infer(A=("FP32", [1, 4], [0, 1, 2, 3]), B=("FP32", [1, 4], [1] * 4)),
    "text": infer(X=("BYTES", [1], ["a"])),
}


def ask(
    server: Server, document: Any, *tails: bytes, path: str = "", **headers: str
) -> httpx.Response:
    """Send JSON, and binary tensors behind it if there are any."""
    head = document if isinstance(document, bytes) else json.dumps(document).encode()
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    if tails:
        given.setdefault(HEADER, str(len(head)))
    return send(server, b"".join([head, *tails]), given, path)


def send(
    server: Server, body: Any, headers: Mapping[str, str] | None = None, path: str = ""
) -> httpx.Response:
    name = server.log.stem
    # No content type, as Triton's client has none; and no wish for compression, as httpx has.
    given = {"accept-encoding": "identity", **(headers or {})}
    where = server.url + (path or f"/v2/models/{name}/infer")
    return httpx.post(where, content=body, headers=given, timeout=PROMPT)


def refused(answer: httpx.Response, words: str, status: int = 400) -> None:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/json"
    assert answer.json().keys() == {"error"}
    assert words in answer.json()["error"]


def tensor(name: str, **changes: Any) -> dict[str, Any]:
    return {"name": name, "datatype": "FP32", "shape": [1, 4], **changes}


def binary(name: str, size: int = 16, **changes: Any) -> dict[str, Any]:
    return tensor(name, parameters={"binary_data_size": size}, **changes)


def outputs(answer: httpx.Response) -> dict[str, Any]:
    """Read an answer as the protocol has it: each output's values, by its name."""
    assert answer.status_code == 200, answer.text
    length = int(answer.headers.get(HEADER, len(answer.content)))
    tail, told = answer.content[length:], {}
    for output in json.loads(answer.content[:length])["outputs"]:
        if "data" in output:
            told[output["name"]] = output["data"]
            continue
        size = output["parameters"]["binary_data_size"]
        told[output["name"]], tail = tail[:size], tail[size:]
    assert tail == b""
    return told


MIXED = [
    (left, right, default, wishes)
    for left in (True, False)
    for right in (True, False)
    for default in (None, True, False)
    for wishes in ((None, None), (True, False), (False, None))
]


@pytest.mark.parametrize(("left", "right", "default", "wishes"), MIXED)
def test_every_mixture_of_json_and_binary_tensors_goes_in_and_out(
    servers: Mapping[str, Server], left: bool, right: bool, default: bool | None, wishes: Any
) -> None:
    inputs, tails = [], []
    for name, values, as_bytes in (("A", LEFT, left), ("B", RIGHT, right)):
        inputs.append(binary(name) if as_bytes else tensor(name, data=values.tolist()))
        tails += [values.tobytes()] if as_bytes else []
    document: dict[str, Any] = {"inputs": inputs}
    if default is not None:
        document["parameters"] = {"binary_data_output": default}
    if wishes != (None, None):
        document["outputs"] = [
            {"name": name, **({} if wish is None else {"parameters": {"binary_data": wish}})}
            for name, wish in zip(("SUM", "DIFFERENCE"), wishes, strict=True)
        ]

    answer = ask(servers["adder"], document, *tails)

    told = outputs(answer)
    for name, wish, right_answer in (
        ("SUM", wishes[0], LEFT + RIGHT),
        ("DIFFERENCE", wishes[1], LEFT - RIGHT),
    ):
        as_bytes = bool(default) if wish is None else wish
        assert told[name] == (right_answer.tobytes() if as_bytes else right_answer.ravel().tolist())
    any_bytes = any(isinstance(value, bytes) for value in told.values())
    assert (HEADER in answer.headers) is any_bytes
    kind = "application/octet-stream" if any_bytes else "application/json"
    assert answer.headers["content-type"] == kind


@pytest.mark.parametrize(
    ("name", "body", "shape"),
    [
        ("row", LEFT.tobytes(), [1, 4]),
        ("row", LEFT.tobytes() * 3, [3, 4]),
        ("octets", b"any bytes", [9]),
    ],
    ids=["one row", "longer", "octets"],
)
def test_a_raw_request_is_answered_with_raw_tensors(
    servers: Mapping[str, Server], name: str, body: bytes, shape: list[int]
) -> None:
    answer = send(servers[name], body, {HEADER: "0"})

    assert outputs(answer)["Y"] == body
    head = json.loads(answer.content[: int(answer.headers[HEADER])])
    assert head["outputs"][0]["shape"] == shape


def test_a_raw_text_is_the_text_and_nothing_else(servers: Mapping[str, Server]) -> None:
    answer = send(servers["text"], "ü\0😀".encode(), {HEADER: "0"})

    text = "ü\0😀".encode()
    assert outputs(answer)["Y"] == struct.pack("<I", len(text)) + text


def test_a_raw_request_whose_shape_does_not_follow_is_refused(
    servers: Mapping[str, Server],
) -> None:
    raw = {HEADER: "0"}
    refused(send(servers["adder"], LEFT.tobytes(), raw), "must only have 1 input to be deduced")
    words = "more than one variable-sized dimension"
    refused(send(servers["free"], LEFT.tobytes(), raw), words)
    refused(send(servers["row"], bytes(15), raw), "a multiple of 16 bytes")
    refused(send(servers["text"], b"\xff", raw), "not UTF-8")


def test_a_body_in_chunks_is_one_body(servers: Mapping[str, Server]) -> None:
    document = json.dumps({"inputs": [binary("A"), binary("B")]}).encode()
    body = document + LEFT.tobytes() + RIGHT.tobytes()
    pieces = (body[at : at + 7] for at in range(0, len(body), 7))

    answer = send(servers["adder"], pieces, {HEADER: str(len(document))})

    assert outputs(answer)["SUM"] == (LEFT + RIGHT).ravel().tolist()


@pytest.mark.parametrize("pack", [gzip.compress, zlib.compress], ids=["gzip", "deflate"])
def test_the_length_of_the_json_is_that_of_the_body_before_it_was_compressed(
    servers: Mapping[str, Server], pack: Callable[[bytes], bytes]
) -> None:
    document = json.dumps({"inputs": [binary("A"), binary("B")]}).encode()
    coding = "gzip" if pack is gzip.compress else "deflate"
    headers = {HEADER: str(len(document)), "content-encoding": coding}

    answer = send(servers["adder"], pack(document + LEFT.tobytes() + RIGHT.tobytes()), headers)

    assert outputs(answer)["SUM"] == (LEFT + RIGHT).ravel().tolist()


def test_only_answers_to_inferences_are_compressed_and_only_for_who_names_one_coding(
    servers: Mapping[str, Server],
) -> None:
    server = servers["adder"]
    body = json.dumps(GOOD["adder"])
    for wish, coding in (
        ("gzip", "gzip"),
        ("deflate", "deflate"),
        ("gzip, deflate, br", None),
        ("br", None),
    ):
        answer = send(server, body, {"accept-encoding": wish})
        assert answer.headers.get("content-encoding") == coding
        assert outputs(answer)["SUM"] == [1, 2, 3, 4]
    gzipped = {"accept-encoding": "gzip"}
    for path in ("/v2", "/v2/models/adder", "/v2/models/adder/stats", "/metrics", "/"):
        told = server.get(path, headers=gzipped)
        assert told.status_code == 200
        assert "content-encoding" not in told.headers
    assert "content-encoding" not in send(server, "{", gzipped).headers


def test_shapes_that_overflow_are_refused(servers: Mapping[str, Server]) -> None:
    server = servers["row"]
    for shape in (
        [2**63 - 1, 4],
        [2**64, 4],
        [2**62, 4],
        [2**32, 2**32],
        [2**31 - 1, 4],
        [2**31 + 1, 4],
    ):
        answer = ask(server, {"inputs": [binary("X", shape=shape)]}, LEFT.tobytes())
        assert answer.status_code == 400, (shape, answer.text)
        answer = ask(server, {"inputs": [tensor("X", shape=shape, data=[1])]})
        assert answer.status_code == 400, (shape, answer.text)


def test_a_negative_dimension_is_refused(servers: Mapping[str, Server]) -> None:
    for shape in ([-1, 4], [1, -4], [-1, -4]):
        answer = ask(servers["row"], {"inputs": [binary("X", shape=shape)]}, LEFT.tobytes())
        refused(answer, "negative")


def test_nesting_is_bounded_wherever_it_is(servers: Mapping[str, Server]) -> None:
    def nested(levels: int) -> bytes:
        return b"[" * levels + b"]" * levels

    server = servers["adder"]
    plain = json.dumps(GOOD["adder"]).encode()
    assert ask(server, plain[:-1] + b',"other":' + nested(50) + b"}").status_code == 200
    for levels in (120, 5000, 250_000):
        answer = ask(server, plain[:-1] + b',"other":' + nested(levels) + b"}")
        refused(answer, "nested too deep")
        refused(send(server, nested(levels), path="/predict"), "nested too deep")
    refused(send(server, nested(30_000), path="/v2/repository/index"), "nested too deep")
    refused(send(server, nested(250_000), path="/v2/repository/index"), "is larger", 413)


@pytest.mark.parametrize("given", ["", "x", "-1", "1.5", "0x10", "99999999999", "9" * 40, "1e3"])
def test_a_length_of_the_json_that_is_none_is_refused(
    servers: Mapping[str, Server], given: str
) -> None:
    body = json.dumps({"inputs": [binary("A"), binary("B")]}).encode() + bytes(32)

    answer = send(servers["adder"], body, {HEADER: given})

    refused(answer, "Inference-Header-Content-Length")


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"", "end within text 0"),
        (b"\x01\x00", "end within text 0"),
        (b"\xff\xff\xff\xffabcd", "end within text 0"),
        (b"\x01\x00\x00\x00a" * 3, "5 bytes follow the 2 texts"),
        (b"\x01\x00\x00\x00a\x01\x00\x00\x00\xff", "text 1: not UTF-8"),
    ],
)
def test_texts_that_do_not_fit_their_bytes_are_refused(
    servers: Mapping[str, Server], raw: bytes, words: str
) -> None:
    entry = binary("X", len(raw), datatype="BYTES", shape=[2])

    refused(ask(servers["text"], {"inputs": [entry]}, raw), words)


def test_many_texts_are_read_without_keeping_anybody_waiting(
    servers: Mapping[str, Server],
) -> None:
    raw = b"\x01\x00\x00\x00a" * 200_000
    entry = binary("X", len(raw), datatype="BYTES", shape=[200_000])
    document = {"inputs": [entry], "parameters": {"binary_data_output": True}}

    assert outputs(ask(servers["text"], document, raw))["Y"] == raw


def test_a_body_up_to_the_limit_is_taken_and_a_larger_one_is_not(
    servers: Mapping[str, Server],
) -> None:
    server = servers["octets"]
    raw = bytes(4 * MIB)
    entry = {"name": "X", "datatype": "UINT8", "shape": [4 * MIB]}
    document = {
        "inputs": [{**entry, "parameters": {"binary_data_size": 4 * MIB}}],
        "parameters": {"binary_data_output": True},
    }
    assert outputs(ask(server, document, raw))["Y"] == raw
    for body, headers in (
        (bytes(65 * MIB), {HEADER: "0"}),
        (b"[" + b"0," * 34 * MIB + b"0]", {}),
        (gzip.compress(bytes(65 * MIB), 1), {HEADER: "0", "content-encoding": "gzip"}),
        (zlib.compress(bytes(65 * MIB), 1), {HEADER: "0", "content-encoding": "deflate"}),
    ):
        refused(send(server, body, headers), "64 MiB", 413)


def test_a_hundred_spoilt_streams_take_no_memory(servers: Mapping[str, Server]) -> None:
    server = servers["octets"]
    spoilt = gzip.compress(bytes(MIB), 1)[:-4]
    headers = {HEADER: "0", "content-encoding": "gzip"}

    def rounds() -> float:
        for _ in range(50):
            refused(send(server, spoilt, headers), "in the middle of its gzip stream")
        return server.metric("process_resident_memory_bytes")

    before = rounds()
    assert rounds() < before + 16 * MIB


def test_nan_and_infinity_are_exact_in_bytes_and_null_in_json(
    servers: Mapping[str, Server],
) -> None:
    values = np.array([[np.nan, np.inf, -np.inf, -0.0]], np.float32)
    document = {"inputs": [binary("X")]}

    assert outputs(ask(servers["row"], document, values.tobytes()))["Y"] == [None, None, None, 0]
    document["parameters"] = {"binary_data_output": True}  # type: ignore[assignment]
    assert outputs(ask(servers["row"], document, values.tobytes()))["Y"] == values.tobytes()
    missing = ask(servers["row"], {"inputs": [tensor("X", data=[1, None, 3, 4])]})
    assert outputs(missing)["Y"] == [1, None, 3, 4]


def test_strange_addresses_are_answered_in_words(servers: Mapping[str, Server]) -> None:
    server = servers["adder"]
    for path in (
        "/v2/models",
        "/v2/models/",
        "/v2/models//infer",
        "/v2/models/%20/infer",
        "/v2/models/..%2f..%2fadder/infer",
        "/v2/models/adder/versions//infer",
        "/v2/models/adder/versions/1/infer/",
        "/v2/health",
        "/v2/health/ready/",
        "/v2/logging",
        "/v2/trace/setting",
        "/v2/systemsharedmemory/status",
        "/v2/models/adder/trace/setting",
        "/favicon.ico",
    ):
        answer = server.get(path)
        assert answer.status_code in (404, 405), (path, answer.text)
        assert answer.json().keys() == {"error"}
        assert answer.headers["content-type"] == "application/json"
    for method in ("PUT", "DELETE", "PATCH", "OPTIONS", "HEAD", "TRACE"):
        answer = httpx.request(method, f"{server.url}/v2/models/adder/infer", timeout=PROMPT)
        assert answer.status_code == 405, (method, answer.text)
        assert "allow" in answer.headers
