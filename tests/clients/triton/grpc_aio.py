"""What Triton's asynchronous gRPC client does, with a server that is not Triton."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import numpy as np
import tritonclient.grpc.aio as triton

from scenarios import refused

Servers = dict[str, str]

LEFT = np.arange(10, 18, dtype=np.int32).reshape(2, 4)
RIGHT = np.arange(1, 9, dtype=np.int32).reshape(2, 4)


@asynccontextmanager
async def _client(servers: Servers, name: str = "adder") -> AsyncIterator[Any]:
    async with triton.InferenceServerClient(servers[name]) as client:
        yield client


def _inputs() -> list[triton.InferInput]:
    tensors = []
    for name, values in (("A", LEFT), ("B", RIGHT)):
        tensor = triton.InferInput(name, list(values.shape), "INT32")
        tensor.set_data_from_numpy(values)
        tensors.append(tensor)
    return tensors


def _work(rounds: int) -> list[triton.InferInput]:
    tensor = triton.InferInput("rounds", [1, 1], "INT64")
    tensor.set_data_from_numpy(np.array([[rounds]], np.int64))
    return [tensor]


def _is_right(result: triton.InferResult) -> None:
    assert (result.as_numpy("SUM") == LEFT + RIGHT).all()
    assert (result.as_numpy("DIFFERENCE") == LEFT - RIGHT).all()


async def every_method(servers: Servers) -> None:
    async with _client(servers) as client:
        assert await client.is_server_live()
        assert await client.is_server_ready()
        assert await client.is_model_ready("adder")
        assert (await client.get_server_metadata()).name == "slipway"
        assert (await client.get_model_metadata("adder")).platform == "onnxruntime_onnx"
        assert (await client.get_model_config("adder")).config.name == "adder"
        assert (await client.get_model_repository_index()).models[0].name == "adder"
        assert (await client.get_inference_statistics("adder")).model_stats[0].name == "adder"
        with refused("StatusCode.PERMISSION_DENIED"):
            await client.load_model("adder")
        with refused("StatusCode.UNIMPLEMENTED"):
            await client.get_cuda_shared_memory_status()
        _is_right(await client.infer("adder", _inputs()))


async def many_at_once(servers: Servers) -> None:
    async with _client(servers) as client:
        asked = [client.infer("adder", _inputs(), request_id=str(n)) for n in range(100)]
        for number, answer in enumerate(await asyncio.gather(*asked)):
            _is_right(answer)
            assert answer.get_response().id == str(number)


async def a_stream(servers: Servers) -> None:
    async def requests() -> AsyncIterator[dict[str, Any]]:
        for name in ("adder", "other", "adder"):
            yield {"model_name": name, "inputs": _inputs(), "request_id": name}

    async with _client(servers) as client:
        answers = [answer async for answer in client.stream_infer(requests())]
    _is_right(answers[0][0])
    assert "unknown model 'other'" in str(answers[1][1])
    _is_right(answers[2][0])


async def cancelled_and_late(servers: Servers) -> None:
    async with _client(servers, "busy") as client:
        slow = asyncio.create_task(client.infer("busy", _work(400_000)))
        await asyncio.sleep(0.2)
        slow.cancel()
        with refused("StatusCode.DEADLINE_EXCEEDED"):
            await client.infer("busy", _work(400_000), client_timeout=0.05)
        result = await asyncio.wait_for(client.infer("busy", _work(1)), 10)
        assert result.as_numpy("Y") == 1


async def errors_say_what_is_wrong(servers: Servers) -> None:
    async with _client(servers) as client:
        with refused("StatusCode.INVALID_ARGUMENT", "missing input 'B'"):
            await client.infer("adder", _inputs()[:1])
        with refused("StatusCode.NOT_FOUND", "unknown model 'other'"):
            await client.infer("other", _inputs())
        _is_right(await client.infer("adder", _inputs()))
