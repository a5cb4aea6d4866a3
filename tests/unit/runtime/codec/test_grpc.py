"""gRPC messages to tensors and back, without a server."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime_testing.requests import form
from slipway_runtime.codec import grpc
from slipway_runtime.codec.form import Form
from slipway_runtime.codec.grpc_wire import split
from slipway_runtime.errors import RefusedError
from slipway_runtime.inference import Inference
from slipway_runtime.messages.open_inference_pb2 import (
    InferParameter,
    ModelInferRequest,
    ModelInferResponse,
    ModelStreamInferResponse,
)
from slipway_runtime.signature import Datatype, Dim, Signature, Tensor, TensorSpec

CONTENTS: dict[Datatype, tuple[str, list[Any]]] = {
    Datatype.BOOL: ("bool_contents", [True, False]),
    Datatype.INT8: ("int_contents", [-128, 127]),
    Datatype.INT16: ("int_contents", [-(2**15), 2**15 - 1]),
    Datatype.INT32: ("int_contents", [-(2**31), 2**31 - 1]),
    Datatype.INT64: ("int64_contents", [-(2**63), 2**63 - 1]),
    Datatype.UINT8: ("uint_contents", [0, 255]),
    Datatype.UINT16: ("uint_contents", [0, 2**16 - 1]),
    Datatype.UINT32: ("uint_contents", [0, 2**32 - 1]),
    Datatype.UINT64: ("uint64_contents", [0, 2**64 - 1]),
    Datatype.FP32: ("fp32_contents", [0.5, float("inf")]),
    Datatype.FP64: ("fp64_contents", [1e300, -0.0]),
}


def model(
    datatype: Datatype = Datatype.FP32, shape: tuple[Dim, ...] = ("N",), inputs: str = "X"
) -> Form:
    return form(
        Signature(
            tuple(TensorSpec(name, datatype, shape) for name in inputs),
            (TensorSpec("Y", datatype, shape), TensorSpec("Z", datatype, shape)),
        )
    )


def request(**fields: Any) -> ModelInferRequest:
    tensor = {"name": "X", "datatype": "FP32", "shape": [2]}
    return ModelInferRequest(**{"model_name": "m", "inputs": [tensor], **fields})


def raw(*contents: bytes, **fields: Any) -> ModelInferRequest:
    return request(raw_input_contents=contents, **fields)


def typed(datatype: Datatype, shape: list[int], **contents: Any) -> ModelInferRequest:
    tensor = {"name": "X", "datatype": datatype.value, "shape": shape, "contents": contents}
    return request(inputs=[tensor])


def read(message: ModelInferRequest, against: Form, **options: Any) -> Inference:
    return grpc.read(split(message.SerializeToString()), against, **options)[0]


def refused(message: ModelInferRequest, against: Form) -> RefusedError:
    with pytest.raises(RefusedError) as caught:
        read(message, against)
    return caught.value


@given(st.lists(st.floats(width=32), min_size=2, max_size=2))
def test_raw_numbers_are_read_to_the_bit(values: list[float]) -> None:
    octets = np.array(values, np.float32).tobytes()

    assert read(raw(octets), model()).feed["X"].tobytes() == octets


@pytest.mark.parametrize("datatype", CONTENTS)
def test_typed_numbers_are_read_exactly(datatype: Datatype) -> None:
    field, values = CONTENTS[datatype]
    tensor = read(typed(datatype, [2], **{field: values}), model(datatype)).feed["X"]

    assert tensor.dtype == datatype.numpy
    assert tensor.tolist() == values


@pytest.mark.parametrize("datatype", [Datatype.INT8, Datatype.INT16, Datatype.UINT8])
def test_typed_numbers_that_their_type_cannot_hold_are_refused(datatype: Datatype) -> None:
    field, values = CONTENTS[datatype]
    too_large = [0, values[1] + 1]
    error = refused(typed(datatype, [2], **{field: too_large}), model(datatype))

    assert error.message == f"input 'X': {too_large[1]} is out of range for {datatype}"


@given(st.lists(st.text(max_size=20), max_size=5))
def test_text_is_read_the_same_both_ways(texts: list[str]) -> None:
    encoded = [text.encode() for text in texts]
    plain = typed(Datatype.BYTES, [len(texts)], bytes_contents=encoded)
    framed = b"".join(len(octets).to_bytes(4, "little") + octets for octets in encoded)
    tensor = {"name": "X", "datatype": "BYTES", "shape": [len(texts)]}

    assert read(plain, model(Datatype.BYTES)).feed["X"].tolist() == texts
    if texts:
        against = model(Datatype.BYTES)
        assert read(raw(framed, inputs=[tensor]), against).feed["X"].tolist() == texts


@pytest.mark.parametrize("datatype", [Datatype.FP16, Datatype.BF16])
def test_half_precision_is_raw_only(datatype: Datatype) -> None:
    tensor = {"name": "X", "datatype": datatype.value, "shape": [2]}
    one = np.array([1], np.float16).tobytes() if datatype is Datatype.FP16 else b"\x80\x3f"

    assert read(raw(one * 2, inputs=[tensor]), model(datatype)).feed["X"].tolist() == [1, 1]
    error = refused(typed(datatype, [2], fp32_contents=[1, 1]), model(datatype))
    assert "no typed contents" in error.message


def test_inputs_are_fed_in_the_models_order() -> None:
    def tensor(name: str) -> dict[str, Any]:
        return {"name": name, "datatype": "FP32", "shape": [1]}

    one, two = (np.array([value], np.float32).tobytes() for value in (1, 2))
    message = raw(two, one, inputs=[tensor("B"), tensor("A")])
    feed = read(message, model(inputs="AB")).feed

    assert list(feed) == ["A", "B"]
    assert [array.tolist() for array in feed.values()] == [[1], [2]]


def test_sizes_with_one_name_must_be_equal() -> None:
    tensors = [{"name": name, "datatype": "FP32", "shape": [size]} for name, size in ("A1", "B2")]
    message = raw(
        bytes(4), bytes(8), inputs=[{**t, "shape": [int(t["shape"][0])]} for t in tensors]
    )

    assert "dimension 'N' is 1 in input 'A' but 2" in refused(message, model(inputs="AB")).message


def test_ids_outputs_and_parameters_are_read() -> None:
    parameters = {
        "own": InferParameter(string_param="a"),
        "count": InferParameter(uint64_param=3),
        "empty": InferParameter(),
        "priority": InferParameter(uint64_param=1),
        "timeout": InferParameter(int64_param=2_000_000),
    }
    asked = read(raw(bytes(8), id="ü", outputs=[{"name": "Z"}], parameters=parameters), model())

    assert asked.id == "ü"
    assert [spec.name for spec in asked.outputs] == ["Z"]
    assert asked.parameters == {"own": "a", "count": 3}
    assert asked.timeout == 2


@pytest.mark.parametrize(
    ("microseconds", "patience", "seconds"),
    [
        (None, None, None),
        (None, 3.0, 3.0),
        (2_000_000, None, 2),
        (2_000_000, 0.5, 0.5),
        (0, 1.0, 1.0),
    ],
)
def test_who_waits_the_shortest_decides(
    microseconds: int | None, patience: float | None, seconds: float | None
) -> None:
    given = {} if microseconds is None else {"timeout": InferParameter(int64_param=microseconds)}

    assert read(raw(bytes(8), parameters=given), model(), patience=patience).timeout == seconds


def test_a_client_that_repeats_itself_is_still_told_what_is_wrong() -> None:
    against = model()
    good, bad = raw(bytes(8)), raw(bytes(7))
    for _ in range(3):
        assert read(good, against).feed["X"].tolist() == [0, 0]
        assert "expected 8, got 7" in refused(bad, against).message
        mixed = typed(Datatype.FP32, [2], fp32_contents=[1, 2])
        mixed.raw_input_contents.append(bytes(8))
        assert "beside raw_input_contents" in refused(mixed, against).message


def test_models_do_not_answer_for_each_other() -> None:
    """What is remembered of a request is remembered for one model."""
    message = raw(bytes(8))
    assert read(message, model()).feed["X"].shape == (2,)
    assert "has shape [3]" in refused(message, model(shape=(3,))).message


def write(tensors: list[Tensor], datatype: Datatype = Datatype.FP32, **fields: Any) -> bytes:
    against = model(datatype, shape=(None, None))
    message = typed(datatype, [0, 0])
    for name, value in fields.items():
        setattr(message, name, value)
    if datatype in (Datatype.FP16, Datatype.BF16):
        message.inputs[0].ClearField("contents")
        message.raw_input_contents.append(b"")
    answer = grpc.read(split(message.SerializeToString()), against)[1]
    return answer.write(tensors)[0]


def test_an_answer_is_always_raw() -> None:
    first, second = np.ones((2, 3), np.float32), np.zeros((0, 3), np.float32)
    answer = ModelInferResponse.FromString(write([first, second], id="7"))

    assert (answer.model_name, answer.model_version, answer.id) == ("m", "1", "7")
    told = [(t.name, t.datatype, list(t.shape)) for t in answer.outputs]
    assert told == [("Y", "FP32", [2, 3]), ("Z", "FP32", [0, 3])]
    assert not any(tensor.HasField("contents") for tensor in answer.outputs)
    assert list(answer.raw_output_contents) == [first.tobytes(), b""]


def test_text_is_answered_with_its_lengths() -> None:
    texts = np.array([["a", "ü"]], object)
    answer = ModelInferResponse.FromString(write([texts, texts], Datatype.BYTES))

    assert answer.raw_output_contents[0] == b"\1\0\0\0a\2\0\0\0\xc3\xbc"


def test_tensors_that_do_not_lie_in_order_are_answered_in_order() -> None:
    square = np.arange(4, dtype=np.float32).reshape(2, 2)
    answer = ModelInferResponse.FromString(write([square.T, square]))

    assert answer.raw_output_contents[0] == square.T.tobytes()


def test_an_answer_in_a_stream_is_the_last_one_of_its_request() -> None:
    tensors = [np.ones((1, 1), np.float32)] * 2
    wrapped = ModelStreamInferResponse.FromString(grpc.in_stream(write(tensors, id="7")))

    assert wrapped.error_message == ""
    assert wrapped.infer_response.id == "7"
    assert wrapped.infer_response.parameters["triton_final_response"].bool_param
    assert len(wrapped.infer_response.raw_output_contents) == 2


def test_an_error_in_a_stream_names_its_request() -> None:
    message = raw(bytes(8), id="7").SerializeToString()
    wrapped = ModelStreamInferResponse.FromString(
        grpc.error_in_stream("it is wrong", grpc.id_of(message))
    )

    assert (wrapped.error_message, wrapped.infer_response.id) == ("it is wrong", "7")
    assert grpc.id_of(b"\x1a\x01\xff") == ""


def test_reading_text_costs_more_than_reading_numbers() -> None:
    parts = split(raw(bytes(4000)).SerializeToString())

    assert 4000 < grpc.cost(parts, model()) < 8000
    assert grpc.cost(parts, model(Datatype.BYTES)) > 50 * 4000
