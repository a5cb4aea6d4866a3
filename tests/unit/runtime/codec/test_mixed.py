"""Requests and answers with binary tensors behind their JSON, and raw ones."""

import json
import struct
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime_testing.requests import form
from slipway_runtime.codec import oip
from slipway_runtime.errors import RefusedError
from slipway_runtime.inference import Inference
from slipway_runtime.signature import Datatype, Dim, Signature, Tensor, TensorSpec

FP32, BYTES = Datatype.FP32, Datatype.BYTES
A, B = TensorSpec("A", FP32, ("N", 2)), TensorSpec("B", FP32, ("N", 2))
TWO = Signature((A, B), (A, B))
ONE_TWO = np.array([[1, 2]], np.float32)
THREE_FOUR = np.array([[3, 4]], np.float32)


def single(datatype: Datatype, *shape: Dim) -> Signature:
    spec = TensorSpec("X", datatype, shape)
    return Signature((spec,), (spec,))


def entry(name: str, **changes: Any) -> dict[str, Any]:
    return {"name": name, "datatype": "FP32", "shape": [1, 2], **changes}


def binary(name: str, size: int = 8, **changes: Any) -> dict[str, Any]:
    return entry(name, parameters={"binary_data_size": size}, **changes)


def body(document: Any, *tails: bytes) -> tuple[bytes, int]:
    head = json.dumps(document).encode()
    return b"".join([head, *tails]), len(head)


def read(document: Any, *tails: bytes, known: Signature = TWO) -> tuple[Inference, Any]:
    content, length = body(document, *tails)
    return oip.read(content, length, form(known))


def refusal(content: bytes, length: int | None, known: Signature = TWO) -> str:
    with pytest.raises(RefusedError) as caught:
        oip.read(content, length, form(known))
    assert caught.value.status == 400
    return caught.value.message


def taken_apart(answer: bytes, headers: Sequence[tuple[bytes, bytes]]) -> tuple[Any, bytes]:
    length = int(dict(headers)[b"inference-header-content-length"])
    assert dict(headers)[b"content-type"] == b"application/octet-stream"
    return json.loads(answer[:length]), answer[length:]


def test_binary_tensors_follow_the_json_in_the_order_of_the_request() -> None:
    document = {"inputs": [binary("B"), binary("A")]}

    inference, _ = read(document, THREE_FOUR.tobytes(), ONE_TWO.tobytes())

    assert inference.feed["A"].tolist() == [[1, 2]]
    assert inference.feed["B"].tolist() == [[3, 4]]
    assert list(inference.feed) == ["A", "B"]


def test_one_request_may_hold_json_and_binary_tensors() -> None:
    document = {"inputs": [entry("A", data=[1, 2]), binary("B")]}

    inference, _ = read(document, THREE_FOUR.tobytes())

    assert inference.feed["A"].tolist() == [[1, 2]]
    assert inference.feed["B"].tolist() == [[3, 4]]


def test_a_header_length_may_announce_json_alone() -> None:
    document = {"inputs": [entry("A", data=[1, 2]), entry("B", data=[3, 4])]}

    assert read(document)[0].feed["B"].tolist() == [[3, 4]]


def test_binary_tensors_are_views_of_the_body() -> None:
    content, length = body({"inputs": [binary("A"), binary("B")]}, bytes(16))
    padded = bytes(-length % 16) + content

    inference, _ = oip.read(memoryview(padded)[-length % 16 :], length, form(TWO))  # type: ignore[arg-type]

    assert np.shares_memory(inference.feed["A"], np.frombuffer(padded, np.uint8))


def test_a_tensor_without_elements_has_no_bytes() -> None:
    document = {"inputs": [binary("A", 0, shape=[0, 2]), binary("B", 0, shape=[0, 2])]}

    assert read(document)[0].feed["A"].shape == (0, 2)


@pytest.mark.parametrize(
    ("parameters", "outputs", "as_bytes"),
    [
        ({}, None, (False, False)),
        ({"binary_data_output": True}, None, (True, True)),
        ({"binary_data_output": False}, [("A", True), ("B", None)], (True, False)),
        ({"binary_data_output": True}, [("A", False), ("B", None)], (False, True)),
        ({}, [("A", None), ("B", True)], (False, True)),
    ],
)
def test_an_output_goes_as_it_is_asked_for_and_else_as_the_request_says(
    parameters: Any, outputs: Any, as_bytes: tuple[bool, ...]
) -> None:
    document = {
        "parameters": parameters,
        "inputs": [entry("A", data=[1, 2]), entry("B", data=[3, 4])],
    }
    if outputs:
        document["outputs"] = [
            {"name": name, "parameters": {} if wish is None else {"binary_data": wish}}
            for name, wish in outputs
        ]

    _, reply = read(document)
    answer, headers = reply.write([ONE_TWO, THREE_FOUR])

    if not any(as_bytes):
        assert headers == ()
        assert [told["data"] for told in json.loads(answer)["outputs"]] == [[1, 2], [3, 4]]
        return
    told, tail = taken_apart(answer, headers)
    for output, tensor, wished in zip(
        told["outputs"], [ONE_TWO, THREE_FOUR], as_bytes, strict=True
    ):
        assert ("data" in output) is not wished
        if wished:
            assert output["parameters"] == {"binary_data_size": 8}
            assert tail.startswith(tensor.tobytes())
            tail = tail[8:]
    assert tail == b""


@given(st.lists(st.text()), st.booleans())
def test_texts_go_both_ways_as_bytes_and_as_json(texts: list[str], as_bytes: bool) -> None:
    known = single(BYTES, None)
    raw = b"".join(struct.pack("<I", len(t.encode())) + t.encode() for t in texts)
    given = {"datatype": "BYTES", "shape": [len(texts)]}
    document = {
        "parameters": {"binary_data_output": as_bytes},
        "inputs": [binary("X", len(raw), **given)],
    }

    inference, reply = read(document, raw, known=known)
    answer, headers = reply.write([inference.feed["X"]])

    if as_bytes:
        assert taken_apart(answer, headers)[1] == raw
    else:
        assert json.loads(answer)["outputs"][0]["data"] == texts


def test_half_precision_goes_as_bytes() -> None:
    for datatype, raw in (
        (Datatype.FP16, b"\x00\x3c\x00\x40"),
        (Datatype.BF16, b"\x80\x3f\x00\x40"),
    ):
        known = single(datatype, 2)
        document = {
            "parameters": {"binary_data_output": True},
            "inputs": [binary("X", 4, datatype=datatype.value, shape=[2])],
        }
        inference, reply = read(document, raw, known=known)

        assert inference.feed["X"].tolist() == [1, 2]
        assert taken_apart(*reply.write([inference.feed["X"]]))[1] == raw


BAD = {
    "fewer bytes than announced": (
        body({"inputs": [binary("A"), binary("B")]}, bytes(15)),
        "7 are",
    ),
    "more bytes than announced": (
        body({"inputs": [binary("A"), binary("B")]}, bytes(17)),
        "1 bytes follow the last binary tensor",
    ),
    "bytes that nobody announced": (
        body({"inputs": [entry("A", data=[1, 2]), entry("B", data=[1, 2])]}, b"x"),
        "1 bytes follow",
    ),
    "a size that is not the shape's": (
        body({"inputs": [binary("A", 12), binary("B", 4)]}, bytes(16)),
        "input 'A': FP32 of shape [1, 2] has 8 bytes; expected 8, got 12",
    ),
    "a negative size": (body({"inputs": [binary("A", -1), binary("B")]}), "whole number of bytes"),
    "a size beyond everything": (
        body({"inputs": [binary("A", 2**63), binary("B")]}, bytes(16)),
        "announces 9223372036854775808 binary bytes",
    ),
    "a length beyond the body": ((b"{}", 3), "is 3, the body has 2 bytes"),
    "a length that cuts the JSON": ((b'{"inputs":[]}', 5), "not JSON"),
    "a length beyond the JSON": (
        (body({"inputs": [binary("A"), binary("B")]}, bytes(16))[0], 180),
        "not JSON",
    ),
    "no length": ((body({"inputs": [binary("A"), binary("B")]}, bytes(16))[0], None), "not JSON"),
}


@pytest.mark.parametrize(("sent", "words"), BAD.values(), ids=BAD)
def test_a_request_whose_lengths_do_not_fit_is_refused(
    sent: tuple[bytes, int | None], words: str
) -> None:
    assert words in refusal(*sent)


@pytest.mark.parametrize("header", [b"", b"-1", b"1.5", b"x", b"9" * 30, b"+5", "٣".encode()])
def test_a_header_that_is_no_length_is_refused(header: bytes) -> None:
    with pytest.raises(RefusedError, match="Inference-Header-Content-Length is no length"):
        oip.announced(header)


def test_a_header_is_a_length_or_is_not_there() -> None:
    assert oip.announced(b"0") == 0
    assert oip.announced(b"99999999999") == 99999999999
    assert oip.announced(None) is None


@pytest.mark.parametrize(
    ("shape", "content", "given"),
    [
        ((None, 4), bytes(16), (1, 4)),
        ((None, 4), bytes(48), (3, 4)),
        (("N", None), bytes(20), (1, 5)),
        ((2, 2), bytes(16), (2, 2)),
        ((1, None, 2), bytes(24), (1, 3, 2)),
        ((), bytes(4), ()),
    ],
)
def test_the_shape_of_a_raw_request_follows_from_its_length(
    shape: tuple[Dim, ...], content: bytes, given: tuple[int, ...]
) -> None:
    inference, reply = oip.read(content, 0, form(single(FP32, *shape)))
    tensor: Tensor = inference.feed["X"]

    assert tensor.shape == given
    assert taken_apart(*reply.write([tensor]))[1] == content


@pytest.mark.parametrize("text", ["", "a", "ü😀", "a\0b"])
def test_a_raw_text_has_no_length_before_it(text: str) -> None:
    inference, _ = oip.read(text.encode(), 0, form(single(BYTES, None, 1)))

    assert inference.feed["X"].tolist() == [[text]]


@pytest.mark.parametrize(
    ("known", "content", "words"),
    [
        (TWO, bytes(8), "must only have 1 input to be deduced; this model has 2: 'A', 'B'"),
        (single(FP32, None, None, None), bytes(8), "more than one variable-sized dimension"),
        (single(FP32, 3, None, None), bytes(8), "more than one variable-sized dimension"),
        (single(FP32, None, 4), bytes(15), "takes a multiple of 16 bytes, the body has 15"),
        (single(FP32, None, 4), b"", "takes a multiple of 16 bytes, the body has 0"),
        (single(FP32, None, 0), bytes(4), "takes a multiple of 0 bytes"),
        (single(FP32, 4), bytes(20), "expected 16, got 20"),
        (single(BYTES, 2), b"ab", "one text; input 'X' of shape [2] takes more"),
        (single(BYTES, 1), b"\xff", "not UTF-8"),
    ],
)
def test_a_raw_request_that_says_too_little_is_refused(
    known: Signature, content: bytes, words: str
) -> None:
    assert words in refusal(content, 0, known)


def test_the_cost_of_numbers_is_their_bytes_and_not_those_of_their_commas() -> None:
    content, length = body({"inputs": [binary("A", 8000), binary("B", 0)]}, b"," * 8000)

    assert oip.cost(content, length, form(TWO)) < 2 * 8000
