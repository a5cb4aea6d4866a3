"""What Triton's HTTP client does, with a server that is not Triton."""

import os
from typing import Any

import ml_dtypes
import numpy as np
import tritonclient.http as triton

from scenarios import refused

Servers = dict[str, str]
Array = np.ndarray[Any, Any]

LEFT = np.arange(10, 18, dtype=np.int32).reshape(2, 4)
RIGHT = np.arange(1, 9, dtype=np.int32).reshape(2, 4)
TYPES = {"int32": "INT32", "float32": "FP32", "float16": "FP16", "object": "BYTES"}


def _client(servers: Servers, name: str = "adder") -> triton.InferenceServerClient:
    return triton.InferenceServerClient(servers[name], network_timeout=30, connection_timeout=30)


def _input(name: str, values: Array, binary: bool = True) -> triton.InferInput:
    tensor = triton.InferInput(name, list(values.shape), TYPES[values.dtype.name])
    tensor.set_data_from_numpy(values, binary_data=binary)
    return tensor


def _inputs(left: bool = True, right: bool = True) -> list[triton.InferInput]:
    return [_input("A", LEFT, left), _input("B", RIGHT, right)]


def _is_right(result: triton.InferResult) -> None:
    assert (result.as_numpy("SUM") == LEFT + RIGHT).all()
    assert result.as_numpy("SUM").dtype == np.int32
    assert (result.as_numpy("DIFFERENCE") == LEFT - RIGHT).all()


def _good_one_follows(client: triton.InferenceServerClient) -> None:
    _is_right(client.infer("adder", _inputs()))


def health_and_metadata(servers: Servers) -> None:
    client = _client(servers)
    assert client.is_server_live(query_params={"any": "thing"})
    assert client.is_server_ready()
    assert client.is_model_ready("adder")
    assert client.is_model_ready("adder", "1")
    assert not client.is_model_ready("other")
    assert not client.is_model_ready("adder", "9")
    assert client.get_server_metadata(query_params={"a": 1})["name"] == "slipway"
    assert "binary_tensor_data" in client.get_server_metadata()["extensions"]
    assert client.get_model_metadata("adder")["inputs"][0] == {
        "name": "A",
        "datatype": "INT32",
        "shape": [-1, 4],
    }
    assert client.get_model_metadata("adder", "1")["versions"] == ["1"]
    with refused("unknown model 'other'"):
        client.get_model_metadata("other")
    with refused("no version '9'"):
        client.get_model_metadata("adder", "9")


def model_configuration_and_statistics(servers: Servers) -> None:
    client = _client(servers)
    config = client.get_model_config("adder")
    assert config["name"] == "adder"
    assert config["input"][0] == {"name": "A", "data_type": "TYPE_INT32", "dims": [-1, 4]}
    before = client.get_inference_statistics("adder", "1")["model_stats"][0]
    client.infer("adder", _inputs())
    after = client.get_inference_statistics()["model_stats"][0]
    assert after["execution_count"] == before["execution_count"] + 1
    assert after["inference_count"] == before["inference_count"] + 2
    success = after["inference_stats"]["success"]
    assert success["count"] == before["inference_stats"]["success"]["count"] + 1
    assert success["ns"] > before["inference_stats"]["success"]["ns"]
    assert after["last_inference"] > before["last_inference"]


def repository_index(servers: Servers) -> None:
    assert _client(servers).get_model_repository_index() == [
        {"name": "adder", "version": "1", "state": "READY", "reason": ""}
    ]


def a_model_is_unloaded_and_loaded_again(servers: Servers) -> None:
    client = _client(servers, "controlled")
    assert "model_repository" in client.get_server_metadata()["extensions"]
    client.unload_model("controlled")
    assert not client.is_model_ready("controlled")
    assert not client.is_server_ready()
    assert client.is_server_live()
    (entry,) = client.get_model_repository_index()
    assert (entry["state"], entry["reason"]) == ("UNAVAILABLE", "unloaded")
    with refused("[503] not ready: unloaded"):
        client.infer("controlled", _inputs())
    with refused("[503] not ready: unloaded"):
        client.get_model_metadata("controlled")
    for _ in range(2):
        client.load_model("controlled")
        assert client.is_model_ready("controlled")
        _is_right(client.infer("controlled", _inputs()))
    with refused("[400] failed to load 'other'"):
        client.load_model("other")
    with refused("[400] failed to unload 'other'"):
        client.unload_model("other")
    with refused("'config' cannot be overridden"):
        client.load_model("controlled", config="{}")
    assert client.is_model_ready("controlled")


def what_is_not_offered_says_so(servers: Servers) -> None:
    client = _client(servers)
    for call in (
        client.get_trace_settings,
        client.get_log_settings,
        client.get_system_shared_memory_status,
        client.get_cuda_shared_memory_status,
    ):
        with refused("Not Found"):
            call()
    for control in (client.load_model, client.unload_model):
        with refused("--model-control"):
            control("adder")
    _good_one_follows(client)


def json_and_binary_tensors_in_one_request_and_in_one_answer(servers: Servers) -> None:
    client = _client(servers)
    for left, right in ((True, True), (True, False), (False, True), (False, False)):
        for total, difference in ((True, True), (True, False), (False, True), (False, False)):
            wanted = [
                triton.InferRequestedOutput("SUM", binary_data=total),
                triton.InferRequestedOutput("DIFFERENCE", binary_data=difference),
            ]
            _is_right(client.infer("adder", _inputs(left, right), outputs=wanted))


def no_outputs_named_means_all_of_them_in_binary(servers: Servers) -> None:
    result = _client(servers).infer("adder", _inputs())
    _is_right(result)
    for output in result.get_response()["outputs"]:
        assert output["parameters"]["binary_data_size"] == 32
        assert "data" not in output


def one_output_of_two(servers: Servers) -> None:
    wanted = [triton.InferRequestedOutput("DIFFERENCE")]
    result = _client(servers).infer("adder", _inputs(), outputs=wanted)
    assert (result.as_numpy("DIFFERENCE") == LEFT - RIGHT).all()
    assert result.as_numpy("SUM") is None


def compressed_both_ways(servers: Servers) -> None:
    client = _client(servers)
    for there in (None, "gzip", "deflate"):
        for back in (None, "gzip", "deflate"):
            _is_right(
                client.infer(
                    "adder",
                    _inputs(right=False),
                    request_compression_algorithm=there,
                    response_compression_algorithm=back,
                )
            )


def ids_versions_and_reserved_parameters(servers: Servers) -> None:
    result = _client(servers).infer(
        "adder",
        _inputs(),
        model_version="1",
        request_id="7",
        sequence_id=5,
        sequence_start=True,
        sequence_end=True,
        priority=1,
        timeout=10_000_000,
        parameters={"mine": "a", "yours": 1, "ours": True},
    )
    _is_right(result)
    assert result.get_response()["id"] == "7"
    assert result.get_response()["model_version"] == "1"


def many_requests_at_once(servers: Servers) -> None:
    client = triton.InferenceServerClient(servers["adder"], concurrency=8)
    for pending in [client.async_infer("adder", _inputs()) for _ in range(40)]:
        _is_right(pending.get_result())


def text_both_ways_in_binary_and_in_json(servers: Servers) -> None:
    client = _client(servers, "text")
    for texts in (["a", "bc", ""], ["ü😀", "日本"], ["a\0b", "\0"], ["x" * 70_000]):
        array = np.array(texts, object)
        for there in (True, False):
            for back in (True, False):
                wanted = [triton.InferRequestedOutput("Y", binary_data=back)]
                result = client.infer("text", [_input("X", array, there)], outputs=wanted)
                told = [
                    element.decode() if isinstance(element, bytes) else element
                    for element in result.as_numpy("Y")
                ]
                assert told == texts, told


def text_of_fixed_width_arrays(servers: Servers) -> None:
    tensor = triton.InferInput("X", [2], "BYTES")
    tensor.set_data_from_numpy(np.array([b"ab", b"b"], "S2"))
    result = _client(servers, "text").infer("text", [tensor])
    assert result.as_numpy("Y").tolist() == [b"ab", b"b"]


def bytes_that_are_no_text_are_refused(servers: Servers) -> None:
    client = _client(servers, "text")
    with refused("text 1: not UTF-8"):
        client.infer("text", [_input("X", np.array([b"a", b"\xff\xfe"], object))])
    assert client.infer("text", [_input("X", np.array([b"a"], object))]).as_numpy("Y")[0] == b"a"


def half_precision_in_binary_and_never_in_json(servers: Servers) -> None:
    client = _client(servers, "half")
    values = np.array([[1.5, -2, 65504, -0.0]], np.float16)
    assert (client.infer("half", [_input("X", values)]).as_numpy("Y") == values).all()
    with refused("FP16 cannot be written in the protocol's JSON"):
        client.infer("half", [_input("X", values, binary=False)])
    with refused("FP16 cannot be written in the protocol's JSON"):
        wanted = [triton.InferRequestedOutput("Y", binary_data=False)]
        client.infer("half", [_input("X", values)], outputs=wanted)


def brain_floats_in_binary_and_never_in_json(servers: Servers) -> None:
    client = _client(servers, "brain")
    values = np.array([[1.5, -2, 3e38, -0.0]], ml_dtypes.bfloat16)
    tensor = triton.InferInput("X", [1, 4], "BF16")
    tensor.set_data_from_numpy(values)
    told = client.infer("brain", [tensor]).as_numpy("Y")
    assert (told.astype(np.float32) == values.astype(np.float32)).all()
    assert client.get_model_metadata("brain")["inputs"][0]["datatype"] == "BF16"
    with refused("BF16 cannot be written in the protocol's JSON"):
        wanted = [triton.InferRequestedOutput("Y", binary_data=False)]
        client.infer("brain", [tensor], outputs=wanted)


def nan_and_infinity_are_exact_in_binary_and_null_in_json(servers: Servers) -> None:
    client = _client(servers, "real")
    values = np.array([[np.nan, np.inf, -np.inf, 1]], np.float32)
    exact = client.infer("real", [_input("X", values)]).as_numpy("Y")
    assert exact.tobytes() == values.tobytes()
    wanted = [triton.InferRequestedOutput("Y", binary_data=False)]
    told = client.infer("real", [_input("X", values)], outputs=wanted)
    assert told.get_response()["outputs"][0]["data"] == [None, None, None, 1]
    assert np.isnan(told.as_numpy("Y")).tolist() == [[True, True, True, False]]
    with refused("NaN and Infinity are not JSON"):
        client.infer("real", [_input("X", values, binary=False)])


def tensors_without_elements(servers: Servers) -> None:
    client = _client(servers, "real")
    for shape in ((0, 4), (3, 0), (0, 0)):
        for binary in (True, False):
            result = client.infer("real", [_input("X", np.zeros(shape, np.float32), binary)])
            assert result.as_numpy("Y").shape == shape


def tensors_without_dimensions(servers: Servers) -> None:
    client = _client(servers, "scalar")
    for binary in (True, False):
        result = client.infer("scalar", [_input("X", np.array(7.5, np.float32), binary)])
        assert result.as_numpy("Y").shape == ()
        assert float(result.as_numpy("Y")) == 7.5


def inputs_that_do_not_fit_are_refused(servers: Servers) -> None:
    client = _client(servers)
    with refused("expected 2 inputs but got 1", "missing input 'B'"):
        client.infer("adder", _inputs()[:1])
    with refused("expected 2 inputs but got 0", "missing input 'A', 'B'"):
        client.infer("adder", [])
    with refused("unknown input 'C'"):
        client.infer("adder", [*_inputs(), _input("C", LEFT)])
    with refused("input 'A' already exists in request"):
        client.infer("adder", _inputs()[:1] * 2)
    with refused("has datatype INT32, the request says 'FP32'"):
        client.infer("adder", [_input("A", LEFT.astype(np.float32)), _inputs()[1]])
    with refused("input 'A' has shape [-1, 4]"):
        client.infer("adder", [_input("A", LEFT.reshape(4, 2)), _inputs()[1]])
    with refused("dimension 'N' is 2 in input 'A' but 1 in input 'B'"):
        client.infer("adder", [_inputs()[0], _input("B", RIGHT[:1])])
    with refused("unknown model 'other'"):
        client.infer("other", _inputs())
    with refused("no version '9'"):
        client.infer("adder", _inputs(), model_version="9")
    _good_one_follows(client)


def bytes_of_a_wrong_length_are_refused(servers: Servers) -> None:
    client = _client(servers)
    for size in (4, 40):
        inputs = _inputs()
        inputs[0]._raw_data = bytes(size)
        inputs[0]._parameters["binary_data_size"] = size
        with refused(f"expected 32, got {size}"):
            client.infer("adder", inputs)
    _good_one_follows(client)


def outputs_that_do_not_fit_are_refused(servers: Servers) -> None:
    client = _client(servers)
    with refused("unknown output 'Z'; the model gives 'SUM', 'DIFFERENCE'"):
        client.infer("adder", _inputs(), outputs=[triton.InferRequestedOutput("Z")])
    with refused("output 'SUM' already exists in request"):
        client.infer("adder", _inputs(), outputs=[triton.InferRequestedOutput("SUM")] * 2)
    with refused("'classification' is not supported"):
        wanted = [triton.InferRequestedOutput("SUM", class_count=2)]
        client.infer("adder", _inputs(), outputs=wanted)
    wanted = [triton.InferRequestedOutput("SUM")]
    wanted[0].set_shared_memory("region", 32)
    with refused("'shared_memory_region' is not supported"):
        client.infer("adder", _inputs(), outputs=wanted)
    _good_one_follows(client)


def names_that_climb_are_unknown(servers: Servers) -> None:
    client = _client(servers)
    for name in ("../adder", "../../etc/passwd", "a b", "ADDER", "adder/versions/1/../2"):
        assert not client.is_model_ready(name), name
        with refused(""):
            client.infer(name, _inputs())
    _good_one_follows(client)


def an_answer_that_is_too_slow_hurts_nobody_else(servers: Servers) -> None:
    rounds = _input_of_rounds(10**9)
    hasty = triton.InferenceServerClient(servers["busy"], network_timeout=0.3)
    with refused(""):
        hasty.infer("busy", [rounds])
    client = _client(servers, "busy")
    assert client.infer("busy", [_input_of_rounds(1)]).as_numpy("Y").tolist() == [[1]]


def a_timeout_in_the_request_is_kept(servers: Servers) -> None:
    client = _client(servers, "busy")
    with refused("[504] there was no answer within 0.2 seconds"):
        client.infer("busy", [_input_of_rounds(10**9)], timeout=200_000)
    assert client.infer("busy", [_input_of_rounds(1)]).as_numpy("Y").tolist() == [[1]]


def _input_of_rounds(count: int) -> triton.InferInput:
    tensor = triton.InferInput("rounds", [1, 1], "INT64")
    tensor.set_data_from_numpy(np.array([[count]], np.int64))
    return tensor


def the_same_objects_a_thousand_times_take_no_more_memory(servers: Servers) -> None:
    client, inputs = _client(servers), _inputs()
    wanted = [triton.InferRequestedOutput("SUM"), triton.InferRequestedOutput("DIFFERENCE")]

    def rounds(count: int) -> None:
        for _ in range(count):
            _is_right(client.infer("adder", inputs, outputs=wanted))

    rounds(300)
    before = _memory(servers)
    rounds(1000)
    assert _memory(servers) < before * 1.05


def _memory(servers: Servers) -> float:
    status = f"/proc/{int(servers['adder pid'])}/statm"
    with open(status) as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
