"""What Triton's gRPC client does, with a server that is not Triton."""

import os
import queue
import time
from typing import Any

import grpc
import numpy as np
import tritonclient.grpc as triton
from tritonclient.grpc import service_pb2, service_pb2_grpc
from tritonclient.utils import InferenceServerException

from scenarios import refused

Servers = dict[str, str]
Array = np.ndarray[Any, Any]

LEFT = np.arange(10, 18, dtype=np.int32).reshape(2, 4)
RIGHT = np.arange(1, 9, dtype=np.int32).reshape(2, 4)
TYPES = {"int32": "INT32", "int64": "INT64", "float32": "FP32", "float16": "FP16"}
SECOND = 4000
"""Rounds that keep the model `busy` for a fraction of a second, on any machine."""


def _client(servers: Servers, name: str = "adder", **options: Any) -> triton.InferenceServerClient:
    return triton.InferenceServerClient(servers[name], **options)


def _input(name: str, values: Array) -> triton.InferInput:
    tensor = triton.InferInput(name, list(values.shape), TYPES.get(values.dtype.name, "BYTES"))
    tensor.set_data_from_numpy(values)
    return tensor


def _inputs() -> list[triton.InferInput]:
    return [_input("A", LEFT), _input("B", RIGHT)]


def _work(rounds: int) -> list[triton.InferInput]:
    return [_input("rounds", np.array([[rounds]], np.int64))]


def _is_right(result: triton.InferResult) -> None:
    assert (result.as_numpy("SUM") == LEFT + RIGHT).all()
    assert result.as_numpy("SUM").dtype == np.int32
    assert (result.as_numpy("DIFFERENCE") == LEFT - RIGHT).all()


def _good_one_follows(client: triton.InferenceServerClient) -> None:
    _is_right(client.infer("adder", _inputs()))


def health_and_metadata(servers: Servers) -> None:
    client = _client(servers)
    assert client.is_server_live(headers={"any": "thing"})
    assert client.is_server_ready()
    assert client.is_model_ready("adder")
    assert client.is_model_ready("adder", "1")
    assert not client.is_model_ready("other")
    assert not client.is_model_ready("adder", "9")
    assert client.get_server_metadata().name == "slipway"
    described = client.get_model_metadata("adder", as_json=True)
    assert described["inputs"][0] == {"name": "A", "datatype": "INT32", "shape": ["-1", "4"]}
    assert described["versions"] == ["1"]
    with refused("StatusCode.NOT_FOUND", "unknown model 'other'"):
        client.get_model_metadata("other")
    with refused("StatusCode.NOT_FOUND", "no version '9'"):
        client.get_model_metadata("adder", "9")


def configuration_statistics_and_index(servers: Servers) -> None:
    client = _client(servers)
    config = client.get_model_config("adder").config
    assert config.name == "adder"
    assert config.input[0].dims == [-1, 4]
    assert config.input[0].data_type == 8
    before = client.get_inference_statistics("adder", "1").model_stats[0]
    client.infer("adder", _inputs())
    after = client.get_inference_statistics().model_stats[0]
    assert after.execution_count == before.execution_count + 1
    assert after.inference_count == before.inference_count + 2
    assert after.inference_stats.success.count == before.inference_stats.success.count + 1
    (model,) = client.get_model_repository_index().models
    assert (model.name, model.version, model.state) == ("adder", "1", "READY")


def what_is_off_or_not_served_says_so(servers: Servers) -> None:
    client = _client(servers)
    with refused("StatusCode.PERMISSION_DENIED", "loading and unloading models is off"):
        client.load_model("adder")
    with refused("StatusCode.PERMISSION_DENIED"):
        client.unload_model("adder")
    with refused("StatusCode.UNIMPLEMENTED", "SystemSharedMemoryStatus is not served here"):
        client.get_system_shared_memory_status()
    with refused("StatusCode.UNIMPLEMENTED"):
        client.get_trace_settings()
    with refused("StatusCode.UNIMPLEMENTED"):
        client.update_log_settings({})
    _good_one_follows(client)


def predictions(servers: Servers) -> None:
    client = _client(servers)
    answer = client.infer("adder", _inputs(), request_id="7", model_version="1")
    _is_right(answer)
    assert answer.get_response().id == "7"
    assert answer.get_response().model_name == "adder"
    assert answer.get_response().model_version == "1"
    assert client.infer("adder", _inputs()).get_response().id == ""


def outputs_as_they_are_asked_for(servers: Servers) -> None:
    client = _client(servers)
    wanted = [triton.InferRequestedOutput("DIFFERENCE"), triton.InferRequestedOutput("SUM")]
    answer = client.infer("adder", _inputs(), outputs=wanted)
    _is_right(answer)
    assert [output.name for output in answer.get_response().outputs] == ["DIFFERENCE", "SUM"]
    some = client.infer("adder", _inputs(), outputs=wanted[:1])
    assert some.as_numpy("SUM") is None


def what_clients_put_beside_their_tensors_is_tolerated(servers: Servers) -> None:
    client = _client(servers)
    _is_right(
        client.infer(
            "adder",
            _inputs(),
            priority=3,
            timeout=30_000_000,
            sequence_id=5,
            sequence_start=True,
            sequence_end=True,
            parameters={"own": 1, "text": "a", "yes": True, "real": 0.5},
        )
    )


def compressed_both_ways(servers: Servers) -> None:
    client = _client(servers)
    for algorithm in ("gzip", "deflate"):
        _is_right(client.infer("adder", _inputs(), compression_algorithm=algorithm))


def calls_that_return_at_once(servers: Servers) -> None:
    client = _client(servers)
    done: queue.Queue[tuple[Any, Any]] = queue.Queue()
    for _ in range(20):
        client.async_infer("adder", _inputs(), lambda result, error: done.put((result, error)))
    for _ in range(20):
        result, error = done.get(timeout=30)
        assert error is None
        _is_right(result)


def text_adds_nothing_and_loses_nothing(servers: Servers) -> None:
    client = _client(servers, "text")
    for values in (
        np.array(["a", "ü😀", "", "nul\0inside"], object),
        np.array([b"bytes", "ü".encode()], object),
        np.array(["fixed", "width"], np.bytes_),
        np.array([], object),
    ):
        result = client.infer("text", [_input("X", values)]).as_numpy("Y")
        expected = [v if isinstance(v, bytes) else v.encode() for v in values.tolist()]
        assert result.tolist() == expected


def text_that_is_not_utf_8_is_refused(servers: Servers) -> None:
    client = _client(servers, "text")
    with refused("StatusCode.INVALID_ARGUMENT", "not UTF-8"):
        client.infer("text", [_input("X", np.array([b"\xff"], object))])
    assert client.infer("text", [_input("X", np.array([b"a"], object))]).as_numpy("Y") == [b"a"]


def half_precision_nan_and_infinity(servers: Servers) -> None:
    half = np.array([[1.5, -2, 65504, np.nan]], np.float16)
    told = _client(servers, "half").infer("half", [_input("X", half)]).as_numpy("Y")
    np.testing.assert_array_equal(told, half)
    real = np.array([[np.nan, np.inf, -np.inf, -0.0]], np.float32)
    told = _client(servers, "real").infer("real", [_input("X", real)]).as_numpy("Y")
    assert told.tobytes() == real.tobytes()


def empty_tensors_and_scalars(servers: Servers) -> None:
    empty = np.empty((0, 3), np.float32)
    told = _client(servers, "real").infer("real", [_input("X", empty)]).as_numpy("Y")
    assert told.shape == (0, 3)
    scalar = np.array(2.5, np.float32)
    told = _client(servers, "scalar").infer("scalar", [_input("X", scalar)]).as_numpy("Y")
    assert told.shape == ()
    assert told == 2.5


def _typed(name: str, **contents: Any) -> Any:
    tensor = service_pb2.ModelInferRequest().InferInputTensor(
        name=name, datatype="INT32", shape=[2, 4]
    )
    for field, values in contents.items():
        getattr(tensor.contents, field)[:] = values
    return tensor


def explicit_contents(servers: Servers) -> None:
    with grpc.insecure_channel(servers["adder"]) as channel:
        stub = service_pb2_grpc.GRPCInferenceServiceStub(channel)
        request = service_pb2.ModelInferRequest(model_name="adder")
        request.inputs.append(_typed("A", int_contents=LEFT.ravel().tolist()))
        request.inputs.append(_typed("B", int_contents=RIGHT.ravel().tolist()))
        answer = stub.ModelInfer(request)
    _is_right(triton.InferResult(answer))
    assert len(answer.raw_output_contents) == 2


def explicit_contents_of_text(servers: Servers) -> None:
    with grpc.insecure_channel(servers["text"]) as channel:
        stub = service_pb2_grpc.GRPCInferenceServiceStub(channel)
        request = service_pb2.ModelInferRequest(model_name="text")
        tensor = request.inputs.add(name="X", datatype="BYTES", shape=[2])
        tensor.contents.bytes_contents[:] = [b"one", "zwölf".encode()]
        answer = triton.InferResult(stub.ModelInfer(request))
    assert answer.as_numpy("Y").tolist() == [b"one", "zwölf".encode()]


def explicit_contents_that_do_not_fit_are_refused(servers: Servers) -> None:
    good = _typed("A", int_contents=LEFT.ravel().tolist())
    bad = {
        "beside raw_input_contents": ([good, good], [b"", b""]),
        "belong into int_contents": ([good, _typed("B", int64_contents=range(8))], []),
        "needs 8 values, int_contents has 3": ([good, _typed("B", int_contents=[1, 2, 3])], []),
        "needs 8 values, int_contents has 0": ([good, _typed("B")], []),
        "one entry for each of the 2 inputs": ([_typed("A"), _typed("B")], [LEFT.tobytes()]),
        "expected 32, got 31": ([_typed("A"), _typed("B")], [LEFT.tobytes(), b"x" * 31]),
    }
    with grpc.insecure_channel(servers["adder"]) as channel:
        stub = service_pb2_grpc.GRPCInferenceServiceStub(channel)
        for words, (inputs, raw) in bad.items():
            if "beside" in words:
                inputs = [good, _typed("B", int_contents=range(8))]
            request = service_pb2.ModelInferRequest(
                model_name="adder", inputs=inputs, raw_input_contents=raw
            )
            with refused("StatusCode.INVALID_ARGUMENT", words):
                stub.ModelInfer(request)
    _good_one_follows(_client(servers))


def errors_say_what_is_wrong(servers: Servers) -> None:
    client = _client(servers)
    with refused("StatusCode.INVALID_ARGUMENT", "missing input 'B'"):
        client.infer("adder", _inputs()[:1])
    with refused("StatusCode.INVALID_ARGUMENT", "unknown output 'NONE'"):
        client.infer("adder", _inputs(), outputs=[triton.InferRequestedOutput("NONE")])
    with refused("StatusCode.INVALID_ARGUMENT", "already exists in request"):
        client.infer("adder", _inputs(), outputs=[triton.InferRequestedOutput("SUM")] * 2)
    with refused("StatusCode.NOT_FOUND", "unknown model 'other'"):
        client.infer("other", _inputs())
    with refused("StatusCode.NOT_FOUND", "no version '9'"):
        client.infer("adder", _inputs(), model_version="9")
    _good_one_follows(client)


def a_stream_is_answered_in_its_order(servers: Servers) -> None:
    client, told = _client(servers), queue.Queue[tuple[Any, Any]]()
    client.start_stream(lambda result, error: told.put((result, error)))
    for number in range(100):
        client.async_stream_infer("adder", _inputs(), request_id=str(number))
    for number in range(100):
        result, error = told.get(timeout=30)
        assert error is None
        _is_right(result)
        response = result.get_response()
        assert response.id == str(number)
        assert response.parameters["triton_final_response"].bool_param
    client.stop_stream()


def a_bad_request_does_not_end_its_stream(servers: Servers) -> None:
    client, told = _client(servers), queue.Queue[tuple[Any, Any]]()
    client.start_stream(lambda result, error: told.put((result, error)))
    for inputs in (_inputs(), _inputs()[:1], _inputs()):
        client.async_stream_infer("adder", inputs, enable_empty_final_response=True)
    outcomes = [told.get(timeout=30) for _ in range(3)]
    client.stop_stream()
    _is_right(outcomes[0][0])
    assert "missing input 'B'" in str(outcomes[1][1])
    _is_right(outcomes[2][0])


def a_stream_can_be_left(servers: Servers) -> None:
    client = _client(servers, "busy")
    client.start_stream(lambda **_: None)
    for _ in range(50):
        client.async_stream_infer("busy", _work(SECOND))
    client.stop_stream(cancel_requests=True)
    started = time.monotonic()
    client.infer("busy", _work(1))
    assert time.monotonic() - started < 5, "the others are still being computed"


def an_impatient_client_gets_an_error_and_the_next_one_its_answer(servers: Servers) -> None:
    client = _client(servers, "busy")
    for options in ({"client_timeout": 0.05}, {"timeout": 50_000}):
        with refused("StatusCode.DEADLINE_EXCEEDED"):
            client.infer("busy", _work(100 * SECOND), **options)
        assert client.infer("busy", _work(1), client_timeout=30).as_numpy("Y") == 1


def a_cancelled_call_is_computed_no_further(servers: Servers) -> None:
    client, told = _client(servers, "busy"), queue.Queue[Any]()
    calls = [
        client.async_infer(
            "busy", _work(100 * SECOND), lambda **outcome: told.put(outcome["error"])
        )
        for _ in range(6)
    ]
    time.sleep(0.2)
    for call in calls:
        call.cancel()
    errors = [told.get(timeout=30) for _ in calls]
    assert all("CANCELLED" in str(error) for error in errors), errors
    started = time.monotonic()
    client.infer("busy", _work(1))
    assert time.monotonic() - started < 5, "the others are still being computed"


def channel_arguments_and_keepalive(servers: Servers) -> None:
    arguments = [
        ("grpc.max_send_message_length", 2**20),
        ("grpc.max_receive_message_length", 2**20),
        ("grpc.lb_policy_name", "pick_first"),
    ]
    _good_one_follows(_client(servers, channel_args=arguments))
    often = triton.KeepAliveOptions(
        keepalive_time_ms=100,
        keepalive_timeout_ms=1000,
        keepalive_permit_without_calls=True,
        http2_max_pings_without_data=0,
    )
    client = _client(servers, keepalive_options=often)
    for _ in range(3):
        _good_one_follows(client)
        time.sleep(0.5)


def a_message_of_more_than_four_mebibytes(servers: Servers) -> None:
    values = np.ones((1024, 2048), np.float32)
    result = _client(servers, "real").infer("real", [_input("X", values)])
    assert (result.as_numpy("Y") == values).all()


def inputs_can_be_used_again(servers: Servers) -> None:
    client, inputs = _client(servers), _inputs()
    for factor in (1, 2, 3):
        inputs[1].set_data_from_numpy(RIGHT * factor)
        assert (client.infer("adder", inputs).as_numpy("SUM") == LEFT + RIGHT * factor).all()


def a_thousand_requests_take_no_memory(servers: Servers) -> None:
    client, inputs = _client(servers), _inputs()

    def resident() -> int:
        with open(f"/proc/{servers['adder pid']}/statm") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    def ask(count: int) -> None:
        for number in range(count):
            client.infer("adder", inputs, request_id=str(number))
            if number % 10 == 0:
                try:
                    client.infer("adder", inputs[:1])
                except InferenceServerException:
                    continue

    ask(1000)
    before = resident()
    ask(1000)
    assert resident() - before < 2 * 2**20
