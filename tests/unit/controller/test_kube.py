"""The way to the API server, against a real HTTP server that answers like one."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from aiohttp import web
from kubernetes.aio.client.api_client import ApiClient
from kubernetes.aio.client.configuration import Configuration

from slipway_operator import kube as module
from slipway_operator.kube import (
    ConflictError,
    ForbiddenError,
    GoneError,
    InvalidError,
    Kube,
    KubeError,
    NotFoundError,
    TransientError,
)
from slipway_operator.leader import FencedError
from slipway_operator.objects import DEPLOYMENT, MODEL_DEPLOYMENT, SERVICE, Obj

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Server:
    """An API server that says what a test wants, and remembers what it was asked."""

    def __init__(self) -> None:
        self.answer: Handler = self._empty
        self.asked: list[web.Request] = []
        self.bodies: list[str] = []

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request)
        self.bodies.append(await request.text())
        return await self.answer(request)

    def says(self, body: Obj, status: int = 200) -> None:
        async def answer(_: web.Request) -> web.Response:
            return web.json_response(body, status=status)

        self.answer = answer

    @staticmethod
    async def _empty(_: web.Request) -> web.Response:
        return web.json_response({})


@pytest.fixture
async def server() -> AsyncIterator[tuple[Server, str]]:
    found = Server()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", found.handle)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield found, f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


@pytest.fixture
async def api(server: tuple[Server, str]) -> Server:
    return server[0]


@pytest.fixture
async def kube(server: tuple[Server, str]) -> AsyncIterator[Kube]:
    client = Kube(ApiClient(Configuration(host=server[1])))
    yield client
    await client.close()


def refusal(code: int, message: str = "no", **details: Any) -> Obj:
    return {"kind": "Status", "code": code, "message": message, "details": details}


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (400, InvalidError),
        (403, ForbiddenError),
        (409, ConflictError),
        (410, GoneError),
        (422, InvalidError),
        (401, TransientError),
        (429, TransientError),
        (500, TransientError),
        (503, TransientError),
        (504, TransientError),
    ],
)
async def test_a_refusal_is_typed_by_what_to_do_about_it(
    api: Server, kube: Kube, code: int, error: type[KubeError]
) -> None:
    api.says(refusal(code, "because", retryAfterSeconds=7), code)

    with pytest.raises(error, match="because") as caught:
        await kube.select(SERVICE, "ns")

    assert caught.value.retry_after == 7


async def test_an_answer_that_is_no_json_is_told_apart_too(api: Server, kube: Kube) -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(status=502, text="<html>bad gateway</html>")

    api.answer = answer

    with pytest.raises(TransientError, match="502"):
        await kube.select(SERVICE, "ns")


async def test_an_absent_object_is_none_and_an_absent_kind_an_error(
    api: Server, kube: Kube
) -> None:
    api.says(refusal(404), 404)

    assert await kube.get(SERVICE, "ns", "x") is None
    with pytest.raises(NotFoundError):
        await kube.select(MODEL_DEPLOYMENT, "ns")


async def test_a_server_that_is_away_is_a_passing_trouble() -> None:
    kube = Kube(ApiClient(Configuration(host="http://127.0.0.1:1")))

    with pytest.raises(TransientError):
        await kube.get(SERVICE, "ns", "x")

    await kube.close()


async def test_a_server_that_hangs_is_given_up(
    api: Server, kube: Kube, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def answer(_: web.Request) -> web.Response:
        await asyncio.sleep(1)
        return web.Response()

    api.answer = answer
    monkeypatch.setattr(module, "WRITE_TIMEOUT", 0.1)

    with pytest.raises(TransientError):
        await kube.create(SERVICE, {"metadata": {"namespace": "ns"}})


async def test_listed_objects_know_their_kind(api: Server, kube: Kube) -> None:
    api.says({"items": [{"metadata": {"name": "a"}}]})

    [found] = await kube.select(DEPLOYMENT, "ns", "app=x")

    assert (found["apiVersion"], found["kind"]) == ("apps/v1", "Deployment")
    assert api.asked[0].path == "/apis/apps/v1/namespaces/ns/deployments"
    assert api.asked[0].query["labelSelector"] == "app=x"


async def test_metadata_is_read_page_by_page(api: Server, kube: Kube) -> None:
    async def answer(request: web.Request) -> web.Response:
        last = "continue" in request.query
        name = "b" if last else "a"
        meta = {} if last else {"continue": "token"}
        return web.json_response({"items": [{"metadata": {"name": name}}], "metadata": meta})

    api.answer = answer

    found = await kube.list_metadata(MODEL_DEPLOYMENT, None)

    assert [meta["name"] for meta in found] == ["a", "b"]
    assert "PartialObjectMetadataList" in api.asked[0].headers["accept"]


async def test_no_items_at_all_may_be_written_as_null(api: Server, kube: Kube) -> None:
    api.says({"items": None, "metadata": {}})

    assert await kube.list_metadata(MODEL_DEPLOYMENT, None) == []
    assert await kube.select(SERVICE, "ns") == []


async def test_an_apply_owns_its_fields_by_force(api: Server, kube: Kube) -> None:
    obj = {"metadata": {"name": "x", "namespace": "ns"}, "spec": {}}

    await kube.apply(MODEL_DEPLOYMENT, obj, "slipway", "status")

    request = api.asked[0]
    assert request.method == "PATCH"
    assert request.path.endswith("/namespaces/ns/modeldeployments/x/status")
    assert request.content_type == "application/apply-patch+yaml"
    assert (request.query["fieldManager"], request.query["force"].lower()) == ("slipway", "true")
    assert json.loads(api.bodies[0]) == obj


async def test_owners_are_set_on_the_version_that_was_read(api: Server, kube: Kube) -> None:
    obj = {"metadata": {"name": "x", "namespace": "ns", "resourceVersion": "7"}}

    await kube.set_owners(SERVICE, obj, [{"manager": "slipway"}])

    meta = {"resourceVersion": "7", "managedFields": [{"manager": "slipway"}]}
    assert json.loads(api.bodies[0]) == {"metadata": meta}
    assert api.asked[0].content_type == "application/merge-patch+json"


async def test_a_delete_is_of_that_very_object_and_a_vanished_one_is_fine(
    api: Server, kube: Kube
) -> None:
    await kube.delete(SERVICE, "ns", "x", "uid-1")
    assert json.loads(api.bodies[0])["preconditions"] == {"uid": "uid-1"}

    api.says(refusal(404), 404)
    await kube.delete(SERVICE, "ns", "x", "uid-1")


async def test_every_write_asks_the_guard_and_no_read_does(api: Server, kube: Kube) -> None:
    def closed() -> None:
        raise FencedError("closed")

    guarded = kube.guarded(closed, lambda *_: None)
    obj = {"metadata": {"name": "x", "namespace": "ns", "resourceVersion": "1"}}

    assert await guarded.get(SERVICE, "ns", "x") == {}
    for write in (
        lambda: guarded.apply(SERVICE, obj, "slipway"),
        lambda: guarded.create(SERVICE, obj),
        lambda: guarded.replace(SERVICE, obj),
        lambda: guarded.delete(SERVICE, "ns", "x", "u"),
        lambda: guarded.set_owners(SERVICE, obj, []),
    ):
        with pytest.raises(FencedError):
            await write()

    assert len(api.asked) == 1


async def test_writes_are_counted_and_answers_noted(server: tuple[Server, str]) -> None:
    counted: list[tuple[str, str]] = []
    heard: list[None] = []
    client = ApiClient(Configuration(host=server[1]))
    kube = Kube(client, answered=lambda: heard.append(None))
    guarded = kube.guarded(lambda: None, lambda verb, kind: counted.append((verb, kind)))

    await guarded.create(SERVICE, {"metadata": {"namespace": "ns"}})
    await guarded.get(SERVICE, "ns", "x")
    await kube.close()

    assert counted == [("create", "Service")]
    assert len(heard) == 2


def stream(*events: Obj) -> Handler:
    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for event in events:
            await response.write(json.dumps(event).encode() + b"\n")
        return response

    return answer


async def test_a_watch_yields_changes_and_bookmarks(api: Server, kube: Kube) -> None:
    meta = {"name": "a", "resourceVersion": "8"}
    api.answer = stream(
        {"type": "MODIFIED", "object": {"metadata": meta}},
        {"type": "BOOKMARK", "object": {"metadata": {"resourceVersion": "9"}}},
    )

    seen = [event async for event in kube.watch(SERVICE, None, "slipway", "7", 240)]

    assert [event.type for event in seen] == ["MODIFIED", "BOOKMARK"]
    assert seen[0].metadata == meta
    query = api.asked[0].query
    assert (query["resourceVersion"], query["timeoutSeconds"]) == ("7", "240")
    assert (query["watch"], query["allowWatchBookmarks"]) == ("true", "true")


async def test_a_watch_that_is_too_old_says_so(api: Server, kube: Kube) -> None:
    api.answer = stream({"type": "ERROR", "object": {"code": 410, "message": "too old"}})

    with pytest.raises(GoneError, match="too old"):
        [event async for event in kube.watch(SERVICE, None, "", "1", 240)]


async def test_a_watch_that_breaks_off_in_the_middle_is_a_passing_trouble(
    api: Server, kube: Kube
) -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b'{"type": "MODI')
        assert request.transport is not None
        request.transport.abort()
        return response

    api.answer = answer

    with pytest.raises(TransientError):
        [event async for event in kube.watch(SERVICE, None, "", "1", 240)]
