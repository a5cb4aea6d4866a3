import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from runtime_testing import models
from slipway_runtime.engine import onnx
from slipway_runtime.identity import Identity
from slipway_runtime.model import Model
from slipway_runtime.predict import SimpleApi
from slipway_runtime.rules import parse
from slipway_runtime.server.pages import build


@pytest.fixture
async def client(save: Any) -> AsyncIterator[httpx.AsyncClient]:
    engine = onnx.load(save(models.classifier()))
    rules = parse("", engine.signature)
    model = Model(
        Identity("<iris>", "1.2.0", "abc"),
        engine,
        rules,
        SimpleApi(engine.signature, rules),
        list[float]().append,
    )
    transport = httpx.ASGITransport(build(model), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://pages") as made:
        yield made


@pytest.mark.parametrize("path", ["/v2", "/v2/"])
async def test_the_server_describes_itself_with_and_without_a_slash(
    client: httpx.AsyncClient, path: str
) -> None:
    answer = await client.get(path, follow_redirects=False)

    assert answer.status_code == 200
    assert answer.json().keys() == {"name", "version", "extensions"}
    assert answer.json()["extensions"] == []


@pytest.mark.parametrize("path", ["/v2/models/<iris>", "/v2/models/<iris>/versions/1.2.0"])
async def test_the_model_describes_itself(client: httpx.AsyncClient, path: str) -> None:
    assert (await client.get(path)).json() == {
        "name": "<iris>",
        "versions": ["1.2.0"],
        "platform": "onnxruntime_onnx",
        "inputs": [{"name": "X", "datatype": "FP32", "shape": [-1, 4]}],
        "outputs": [
            {"name": "label", "datatype": "INT64", "shape": [-1]},
            {"name": "probabilities", "datatype": "FP32", "shape": [-1, 3]},
        ],
    }


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nothing", 404),
        ("GET", "/v2/models/other", 404),
        ("GET", "/v2/models/<iris>/versions/9", 404),
        ("DELETE", "/v2", 405),
        ("POST", "/", 405),
    ],
)
async def test_every_error_is_in_the_words_of_the_protocol(
    client: httpx.AsyncClient, method: str, path: str, status: int
) -> None:
    answer = await client.request(method, path)

    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/json"
    assert answer.json().keys() == {"error"}


async def test_the_page_shows_a_call_that_works_and_escapes_what_it_shows(
    client: httpx.AsyncClient,
) -> None:
    page = (await client.get("/")).text

    assert "curl" in page
    assert "<iris>" not in page
    assert "&lt;iris&gt;" in page


async def test_the_api_page_is_made_from_the_models_own_signature(
    client: httpx.AsyncClient,
) -> None:
    document = (await client.get("/openapi.json")).json()

    assert "/v2/models/<iris>/infer" in document["paths"]
    assert "probabilities" in json.dumps(document)
    assert (await client.get("/docs")).status_code == 200
