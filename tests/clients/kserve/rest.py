"""What the REST client of KServe's SDK does, with a server that is not KServe."""

from typing import Any

import httpx
import numpy as np
from kserve import InferenceRESTClient, InferInput, InferRequest, RESTConfig
from kserve.protocol.infer_type import RequestedOutput

from scenarios import refused

Servers = dict[str, str]

LEFT = np.arange(10, 18, dtype=np.int32).reshape(2, 4)
RIGHT = np.arange(1, 9, dtype=np.int32).reshape(2, 4)


def _client() -> InferenceRESTClient:
    return InferenceRESTClient(RESTConfig(protocol="v2", retries=1, timeout=30))


def _url(servers: Servers, name: str = "adder") -> str:
    return f"http://{servers[name]}"


def _input(name: str, values: Any, binary: bool, datatype: str = "INT32") -> InferInput:
    tensor = InferInput(name, list(values.shape), datatype)
    tensor.set_data_from_numpy(values, binary_data=binary)
    return tensor


def _request(left: bool = True, right: bool = True, **options: Any) -> InferRequest:
    inputs = [_input("A", LEFT, left), _input("B", RIGHT, right)]
    return InferRequest("adder", inputs, **options)


def _is_right(answer: Any) -> None:
    outputs = {output.name: output.as_numpy() for output in answer.outputs}
    assert (outputs["SUM"] == LEFT + RIGHT).all()
    assert (outputs["DIFFERENCE"] == LEFT - RIGHT).all()


async def health(servers: Servers) -> None:
    async with _client() as client:
        assert await client.is_server_live(_url(servers)) is True
        assert await client.is_server_ready(_url(servers)) is True
        assert await client.is_model_ready(_url(servers), "adder") is True
        assert await client.is_model_ready(_url(servers), "other") is False


async def tensors_in_json_and_in_binary(servers: Servers) -> None:
    async with _client() as client:
        for left in (True, False):
            for right in (True, False):
                _is_right(await client.infer(_url(servers), _request(left, right), "adder"))


async def a_request_written_by_hand(servers: Servers) -> None:
    data = {
        "inputs": [
            {"name": name, "shape": [2, 4], "datatype": "INT32", "data": values.tolist()}
            for name, values in (("A", LEFT), ("B", RIGHT))
        ]
    }
    async with _client() as client:
        _is_right(await client.infer(_url(servers), data, "adder"))


async def an_id_is_echoed_and_headers_are_seen(servers: Servers) -> None:
    seen: dict[str, str] = {}
    async with _client() as client:
        answer = await client.infer(
            _url(servers), _request(request_id="7"), "adder", response_headers=seen
        )
    assert answer.id == "7"
    assert answer.model_name == "adder"
    assert seen["x-slipway-version"] == "1"


async def outputs_as_they_are_asked_for(servers: Servers) -> None:
    async with _client() as client:
        for binary in (True, False):
            wanted = [RequestedOutput("DIFFERENCE", parameters={"binary_data": binary})]
            request = _request(request_outputs=wanted)
            answer = await client.infer(_url(servers), request, "adder")
            (output,) = answer.outputs
            assert (output.as_numpy() == LEFT - RIGHT).all()


async def all_outputs_in_binary_and_what_each_output_says_goes_first(servers: Servers) -> None:
    everything = {"binary_data_output": True}
    async with _client() as client:
        seen: dict[str, str] = {}
        answer = await client.infer(
            _url(servers), _request(parameters=everything), "adder", response_headers=seen
        )
        _is_right(answer)
        assert seen["content-type"] == "application/octet-stream"
        wanted = [
            RequestedOutput("SUM", parameters={"binary_data": False}),
            RequestedOutput("DIFFERENCE"),
        ]
        request = _request(parameters=everything, request_outputs=wanted)
        answer = await client.infer(_url(servers), request, "adder", response_headers=seen)
        _is_right(answer)
        assert int(seen["inference-header-content-length"]) + 32 == int(seen["content-length"])


async def half_precision_in_binary(servers: Servers) -> None:
    values = np.array([[1.5, -2, 65504, 0]], np.float16)
    everything = {"binary_data_output": True}
    request = InferRequest("half", [_input("X", values, True, "FP16")], parameters=everything)
    async with _client() as client:
        answer = await client.infer(_url(servers, "half"), request, "half")
        assert (answer.outputs[0].as_numpy() == values).all()


async def half_precision_in_json_is_refused(servers: Servers) -> None:
    tensor = {"name": "X", "shape": [1, 4], "datatype": "FP16", "data": [1, 2, 3, 4]}
    async with _client() as client:
        with refused("FP16 cannot be written in the protocol's JSON", "400 Bad Request"):
            await client.infer(_url(servers, "half"), {"inputs": [tensor]}, "half")


async def text_both_ways(servers: Servers) -> None:
    texts = ["a", "ü😀", ""]
    async with _client() as client:
        for binary in (True, False):
            tensor = _input("X", np.array(texts, object), binary, "BYTES")
            request = InferRequest("text", [tensor], parameters={"binary_data_output": binary})
            answer = await client.infer(_url(servers, "text"), request, "text")
            told = answer.outputs[0].as_numpy().tolist()
            assert [t.decode() if isinstance(t, bytes) else t for t in told] == texts


async def errors_say_what_is_wrong(servers: Servers) -> None:
    async with _client() as client:
        request = InferRequest("adder", [_input("A", LEFT, True)])
        with refused("missing input 'B'", "400 Bad Request"):
            await client.infer(_url(servers), request, "adder")
        with refused("unknown model 'other'", "404 Not Found"):
            await client.infer(_url(servers), _request(), "other")
        with refused("GET /nowhere", "404 Not Found"):
            await client.is_server_ready(_url(servers) + "/nowhere")
        _is_right(await client.infer(_url(servers), _request(), "adder"))


async def a_model_that_is_not_there_is_not_ready(servers: Servers) -> None:
    url = _url(servers, "controlled")
    await _control(url, "unload")
    async with _client() as client:
        assert await client.is_server_live(url) is True
        assert await client.is_model_ready(url, "controlled") is False
        with refused("not ready: unloaded", "503 Service Unavailable"):
            await client.is_server_ready(url)
        with refused("not ready: unloaded", "503 Service Unavailable"):
            await client.infer(url, _request(), "controlled")
        await _control(url, "load")
        assert await client.is_server_ready(url) is True
        _is_right(await client.infer(url, _request(), "controlled"))


async def _control(url: str, verb: str) -> None:
    async with httpx.AsyncClient() as client:
        answer = await client.post(f"{url}/v2/repository/models/controlled/{verb}")
        answer.raise_for_status()
