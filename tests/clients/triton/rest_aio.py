"""What Triton's asynchronous HTTP client does, with a server that is not Triton.

It sends octets as its content type whatever it sends, asks for compressed answers in every
request, and reads only those to inferences if they are compressed.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import numpy as np
import tritonclient.http.aio as triton

from scenarios import refused

Servers = dict[str, str]

LEFT = np.arange(10, 18, dtype=np.int32).reshape(2, 4)
RIGHT = np.arange(1, 9, dtype=np.int32).reshape(2, 4)


@asynccontextmanager
async def _client(
    servers: Servers, name: str = "adder"
) -> AsyncIterator[triton.InferenceServerClient]:
    client = triton.InferenceServerClient(servers[name])
    try:
        yield client
    finally:
        await client.close()


def _inputs(binary: bool = True) -> list[Any]:
    made = []
    for name, values in (("A", LEFT), ("B", RIGHT)):
        tensor = triton.InferInput(name, [2, 4], "INT32")
        tensor.set_data_from_numpy(values, binary_data=binary)
        made.append(tensor)
    return made


def _is_right(result: Any) -> None:
    assert (result.as_numpy("SUM") == LEFT + RIGHT).all()
    assert (result.as_numpy("DIFFERENCE") == LEFT - RIGHT).all()


async def health_metadata_configuration_and_statistics(servers: Servers) -> None:
    async with _client(servers) as client:
        assert await client.is_server_live()
        assert await client.is_server_ready()
        assert await client.is_model_ready("adder")
        assert not await client.is_model_ready("other")
        assert (await client.get_server_metadata())["name"] == "slipway"
        assert (await client.get_model_metadata("adder"))["versions"] == ["1"]
        assert (await client.get_model_config("adder"))["name"] == "adder"
        assert (await client.get_model_repository_index())[0]["state"] == "READY"
        assert (await client.get_inference_statistics("adder"))["model_stats"][0]["name"] == "adder"


async def what_is_not_offered_says_so(servers: Servers) -> None:
    async with _client(servers) as client:
        for call in (
            client.get_trace_settings,
            client.get_log_settings,
            client.get_system_shared_memory_status,
            client.get_cuda_shared_memory_status,
        ):
            with refused("Not Found"):
                await call()
        for control in (client.load_model, client.unload_model):
            with refused("--model-control"):
                await control("adder")
        with refused("unknown model 'other'"):
            await client.get_model_metadata("other")


async def tensors_in_json_and_in_binary(servers: Servers) -> None:
    async with _client(servers) as client:
        for there in (True, False):
            _is_right(await client.infer("adder", _inputs(there)))
            for back in (True, False):
                wanted = [
                    triton.InferRequestedOutput("SUM", binary_data=back),
                    triton.InferRequestedOutput("DIFFERENCE", binary_data=True),
                ]
                _is_right(await client.infer("adder", _inputs(there), outputs=wanted))


async def compressed_both_ways(servers: Servers) -> None:
    async with _client(servers) as client:
        for there in (None, "gzip", "deflate"):
            for back in (None, "gzip", "deflate"):
                result = await client.infer(
                    "adder",
                    _inputs(),
                    request_compression_algorithm=there,
                    response_compression_algorithm=back,
                )
                _is_right(result)


async def many_requests_at_once(servers: Servers) -> None:
    async with _client(servers) as client:
        for result in await asyncio.gather(*[client.infer("adder", _inputs()) for _ in range(50)]):
            _is_right(result)


async def what_does_not_fit_is_refused_and_the_next_one_answered(servers: Servers) -> None:
    async with _client(servers) as client:
        with refused("missing input 'B'"):
            await client.infer("adder", _inputs()[:1])
        with refused("unknown model 'other'"):
            await client.infer("other", _inputs())
        _is_right(await client.infer("adder", _inputs()))
