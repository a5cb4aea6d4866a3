"""Messages are taken apart as protobuf would, without a copy of what is large."""

from hypothesis import given
from hypothesis import strategies as st

from slipway_runtime.codec.grpc_wire import in_stream, raw_output, split, varint
from slipway_runtime.messages.open_inference_pb2 import (
    ModelInferRequest,
    ModelInferResponse,
    ModelStreamInferResponse,
)

texts = st.text(max_size=300)
contents = st.lists(st.binary(max_size=300), max_size=4)


@given(texts, texts, texts, contents)
def test_the_parts_are_what_protobuf_reads(
    name: str, version: str, request_id: str, raw: list[bytes]
) -> None:
    tensors = [ModelInferRequest.InferInputTensor(name=name, shape=[1, 2])]
    request = ModelInferRequest(
        model_name=name, model_version=version, id=request_id, inputs=tensors,
        raw_input_contents=raw,
    )  # fmt: skip
    parts = split(request.SerializeToString())

    assert parts.id.decode() == request_id
    assert [bytes(octets) for octets in parts.raw] == raw
    rest = ModelInferRequest(model_name=name, model_version=version, inputs=tensors)
    assert ModelInferRequest.FromString(parts.rest) == rest


@given(st.binary(max_size=200))
def test_whatever_comes_is_either_taken_apart_or_left_whole(octets: bytes) -> None:
    parts = split(octets)
    size = len(parts.rest) + len(parts.id) + sum(map(len, parts.raw))

    assert size <= len(octets)
    assert parts.rest == octets or size < len(octets)


def test_what_is_large_is_a_view_of_the_message() -> None:
    message = ModelInferRequest(raw_input_contents=[bytes(100_000)]).SerializeToString()
    (raw,) = split(message).raw

    assert isinstance(raw, memoryview)
    assert raw.obj is message


def test_a_field_that_is_no_length_and_bytes_is_left_to_protobuf() -> None:
    number = b"\x08\x01"
    message = number + ModelInferRequest(id="7").SerializeToString()

    assert split(message).rest == message


def test_a_length_that_lies_is_left_to_protobuf() -> None:
    for message in (b"\x3a", b"\x3a\x05ab", b"\x3a\xff\xff\xff\xff\xff\xff\x01", b"\xba\x03\x00"):
        assert split(message).rest == message


@given(st.integers(0, 2**40))
def test_numbers_are_written_as_protobuf_does(number: int) -> None:
    tensor = ModelInferResponse.InferOutputTensor(shape=[number])

    assert varint(number) in tensor.SerializeToString()


@given(st.lists(st.binary(max_size=300), max_size=3))
def test_outputs_are_framed_as_protobuf_does(raw: list[bytes]) -> None:
    message = b"".join(piece for octets in raw for piece in raw_output(octets))

    assert list(ModelInferResponse.FromString(message).raw_output_contents) == raw


@given(texts)
def test_an_answer_is_wrapped_as_protobuf_does(name: str) -> None:
    answer = ModelInferResponse(model_name=name)
    wrapped = ModelStreamInferResponse.FromString(in_stream(answer.SerializeToString()))

    assert wrapped == ModelStreamInferResponse(infer_response=answer)
