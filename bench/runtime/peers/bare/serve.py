"""The ceiling: an ASGI callable that does nothing but decode, run and encode.

It checks nothing, counts nothing and limits nothing. What a server adds is the distance to it.
"""

from typing import Any

import numpy as np
import orjson
import uvicorn

from bench.runtime.peers.session import open_session, told

_JSON = [(b"content-type", b"application/json")]
_LENGTH = b"inference-header-content-length"


class Bare:
    """One model, and no routes."""

    def __init__(self, path: str) -> None:
        self._session = open_session(path)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer predictions, and anything else with `ready`."""
        if scope["method"] != "POST":
            await _send(send, b'{"ready":true}', _JSON)
            return
        chunks = []
        more = True
        while more:
            message = await receive()
            chunks.append(message["body"])
            more = message["more_body"]
        body = chunks[0] if len(chunks) == 1 else b"".join(chunks)
        for name, value in scope["headers"]:
            if name == _LENGTH:
                await self._binary(body, int(value), send)
                return
        await self._json(body, send)

    async def _json(self, body: bytes, send: Any) -> None:
        question = orjson.loads(body)
        given = question["inputs"][0]
        array = np.array(given["data"], np.float32).reshape(given["shape"])
        (result,) = self._session.run(None, {given["name"]: array})
        output = {
            "name": "y",
            "datatype": "FP32",
            "shape": result.shape,
            "data": result.ravel().tolist(),
        }
        answer = {"model_name": "model", "id": question.get("id"), "outputs": [output]}
        await _send(send, orjson.dumps(answer), _JSON)

    async def _binary(self, body: bytes, length: int, send: Any) -> None:
        question = orjson.loads(memoryview(body)[:length])
        given = question["inputs"][0]
        array = np.frombuffer(body, np.float32, offset=length).reshape(given["shape"])
        (result,) = self._session.run(None, {given["name"]: array})
        raw = result.tobytes()
        output = {
            "name": "y",
            "datatype": "FP32",
            "shape": result.shape,
            "parameters": {"binary_data_size": len(raw)},
        }
        head = orjson.dumps({"model_name": "model", "id": question.get("id"), "outputs": [output]})
        headers = [
            (b"content-type", b"application/octet-stream"),
            (_LENGTH, str(len(head)).encode()),
        ]
        await _send(send, head + raw, headers)


async def _send(send: Any, body: bytes, headers: list[tuple[bytes, bytes]]) -> None:
    headers = [*headers, (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


if __name__ == "__main__":
    model, port, _ = told()
    uvicorn.run(
        Bare(model),
        host="127.0.0.1",
        port=port,
        loop="uvloop",
        lifespan="off",
        access_log=False,
        proxy_headers=False,
    )
