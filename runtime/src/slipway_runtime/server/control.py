"""The protocol's model repository over HTTP: index, load, unload.

Routes for FastAPI. Bodies may be empty, and are small: what they ask for is not much.
"""

import asyncio
from typing import Any, Final

from fastapi import APIRouter, Request

from slipway_runtime.codec.bounds import DEFAULT
from slipway_runtime.codec.document import loads
from slipway_runtime.errors import RefusedError, bad_request
from slipway_runtime.lifecycle.repository import Entry, Repository

_LARGEST: Final = 64 * 1024
_SECONDS: Final = 10


def routes(repository: Repository) -> APIRouter:
    """Make the routes."""
    router = APIRouter(prefix="/v2/repository")

    @router.post("/index")
    async def index(request: Request) -> list[Entry]:
        ready = (await _object(request)).get("ready", False)
        if not isinstance(ready, bool):
            raise bad_request("'ready' must be true or false")
        return repository.index(ready=ready)

    @router.post("/models/{name}/load")
    async def load(name: str, request: Request) -> Entry:
        _expect_no_override(await _object(request))
        await repository.load(name)
        return {"name": name, "load": True}

    @router.post("/models/{name}/unload")
    async def unload(name: str, request: Request) -> Entry:
        await _object(request)
        repository.unload(name)
        return {"name": name, "unload": True}

    return router


def _expect_no_override(document: Entry) -> None:
    given = document.get("parameters") or {}
    if not isinstance(given, dict):
        raise bad_request("'parameters' must be an object")
    if given:
        raise bad_request(
            f"the model's file and configuration are given at start; "
            f"{next(iter(given))[:60]!r} cannot be overridden"
        )


async def _object(request: Request) -> Entry:
    try:
        async with asyncio.timeout(_SECONDS):
            body = await _body(request)
    except TimeoutError:
        raise RefusedError(408, f"the body did not arrive within {_SECONDS} seconds") from None
    document: Any = loads(body, DEFAULT) if body.strip() else {}
    if not isinstance(document, dict):
        raise bad_request("the body must be a JSON object, or empty")
    return document


async def _body(request: Request) -> bytes:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _LARGEST:
            raise RefusedError(413, f"the body is larger than {_LARGEST // 1024} KiB")
    return body
