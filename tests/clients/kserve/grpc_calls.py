"""What the gRPC client of KServe's SDK does, with a server that is not KServe."""

from typing import Any

import numpy as np
from kserve import InferenceGRPCClient, InferInput, InferRequest

from scenarios import refused

Servers = dict[str, str]

LEFT = np.arange(10, 18, dtype=np.int32).reshape(2, 4)
RIGHT = np.arange(1, 9, dtype=np.int32).reshape(2, 4)


def _client(servers: Servers, name: str = "adder") -> InferenceGRPCClient:
    return InferenceGRPCClient(url=servers[name])


def _input(name: str, values: Any, raw: bool, datatype: str = "INT32") -> InferInput:
    tensor = InferInput(name, list(values.shape), datatype)
    tensor.set_data_from_numpy(values, binary_data=raw)
    return tensor


def _request(raw: bool = True, **options: Any) -> InferRequest:
    return InferRequest("adder", [_input("A", LEFT, raw), _input("B", RIGHT, raw)], **options)


def _is_right(answer: Any) -> None:
    outputs = {output.name: output.as_numpy() for output in answer.outputs}
    assert (outputs["SUM"] == LEFT + RIGHT).all()
    assert (outputs["DIFFERENCE"] == LEFT - RIGHT).all()


async def health(servers: Servers) -> None:
    async with _client(servers) as client:
        assert await client.is_server_live()
        assert await client.is_server_ready()
        assert await client.is_model_ready("adder")
        assert not await client.is_model_ready("other")


async def raw_and_typed_contents(servers: Servers) -> None:
    async with _client(servers) as client:
        for raw in (True, False):
            _is_right(await client.infer(_request(raw)))


async def an_id_is_echoed(servers: Servers) -> None:
    async with _client(servers) as client:
        answer = await client.infer(_request(request_id="7"))
    assert answer.id == "7"
    assert answer.model_name == "adder"


async def parameters_of_a_request(servers: Servers) -> None:
    async with _client(servers) as client:
        _is_right(await client.infer(_request(parameters={"own": "a", "number": 1, "yes": True})))


async def half_precision(servers: Servers) -> None:
    values = np.array([[1.5, -2, 65504, 0]], np.float16)
    async with _client(servers, "half") as client:
        request = InferRequest("half", [_input("X", values, True, "FP16")])
        answer = await client.infer(request)
        assert (answer.outputs[0].as_numpy() == values).all()


async def text_both_ways(servers: Servers) -> None:
    texts = ["a", "ü😀", ""]
    async with _client(servers, "text") as client:
        for raw in (True, False):
            tensor = _input("X", np.array(texts, object), raw, "BYTES")
            answer = await client.infer(InferRequest("text", [tensor]))
            told = answer.outputs[0].as_numpy().tolist()
            assert [t.decode() if isinstance(t, bytes) else t for t in told] == texts


async def a_short_timeout_is_an_error_and_the_next_request_is_answered(servers: Servers) -> None:
    def work(rounds: int) -> InferRequest:
        return InferRequest(
            "busy", [_input("rounds", np.array([[rounds]], np.int64), True, "INT64")]
        )

    async with _client(servers, "busy") as client:
        with refused("DEADLINE_EXCEEDED"):
            await client.infer(work(400_000), timeout=0.1)
        answer = await client.infer(work(1), timeout=30)
        assert answer.outputs[0].as_numpy() == 1


async def errors_say_what_is_wrong(servers: Servers) -> None:
    async with _client(servers) as client:
        with refused("INVALID_ARGUMENT", "missing input 'B'"):
            await client.infer(InferRequest("adder", [_input("A", LEFT, True)]))
        with refused("NOT_FOUND", "unknown model 'other'"):
            await client.infer(InferRequest("other", _request().inputs))
        _is_right(await client.infer(_request()))
