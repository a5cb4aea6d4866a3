import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from runtime_testing import models
from slipway_runtime.engine import onnx
from slipway_runtime.identity import Identity
from slipway_runtime.lifecycle.repository import Repository
from slipway_runtime.lifecycle.state import State
from slipway_runtime.metrics import Metrics
from slipway_runtime.model import Model
from slipway_runtime.predict import SimpleApi
from slipway_runtime.rules import parse
from slipway_runtime.server.pages import build


@pytest.fixture
async def client(save: Any) -> AsyncIterator[httpx.AsyncClient]:
    engine = onnx.load(save(models.classifier()))
    rules = parse("", engine.signature)
    identity = Identity("<iris>", "1.2.0", "abc")
    model = Model(identity, engine, rules, SimpleApi(engine.signature, rules))
    state = State()
    metrics = Metrics(identity, lambda: state.ready)
    app = build(model, metrics, Repository(identity, state, None))
    state.open(model, app)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://pages") as made:
        yield made


@pytest.mark.parametrize("path", ["/v2", "/v2/"])
async def test_the_server_describes_itself_with_and_without_a_slash(
    client: httpx.AsyncClient, path: str
) -> None:
    answer = await client.get(path, follow_redirects=False)

    assert answer.status_code == 200
    assert answer.json().keys() == {"name", "version", "extensions"}
    assert answer.json()["extensions"] == [
        "binary_tensor_data",
        "model_configuration",
        "parameters",
        "statistics",
    ]


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
        ("GET", "/v2/models/other/config", 404),
        ("GET", "/v2/models/other/stats", 404),
        ("GET", "/v2/models/<iris>/versions/9/stats", 404),
        ("GET", "/v2/trace/setting", 404),
        ("GET", "/v2/logging", 404),
        ("GET", "/v2/repository/index", 405),
        ("POST", "/v2/repository/models/<iris>/load", 403),
        ("POST", "/v2/repository/models/<iris>/unload", 403),
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


async def test_the_model_tells_its_configuration(client: httpx.AsyncClient) -> None:
    for path in ("/v2/models/<iris>/config", "/v2/models/<iris>/versions/1.2.0/config"):
        assert (await client.get(path)).json() == {
            "name": "<iris>",
            "platform": "onnxruntime_onnx",
            "backend": "onnxruntime",
            "max_batch_size": 0,
            "input": [{"name": "X", "data_type": "TYPE_FP32", "dims": [-1, 4]}],
            "output": [
                {"name": "label", "data_type": "TYPE_INT64", "dims": [-1]},
                {"name": "probabilities", "data_type": "TYPE_FP32", "dims": [-1, 3]},
            ],
        }


@pytest.mark.parametrize(
    "path",
    ["/v2/models/stats", "/v2/models/<iris>/stats", "/v2/models/<iris>/versions/1.2.0/stats"],
)
async def test_the_model_tells_its_statistics(client: httpx.AsyncClient, path: str) -> None:
    (told,) = (await client.get(path)).json()["model_stats"]

    assert (told["name"], told["version"]) == ("<iris>", "1.2.0")
    assert told["inference_stats"]["success"] == {"count": 0, "ns": 0}


@pytest.mark.parametrize("body", [b"", b"{}", b'{"ready": false}', b'{"ready": true}'])
async def test_the_repository_has_one_model(client: httpx.AsyncClient, body: bytes) -> None:
    answer = await client.post("/v2/repository/index", content=body)

    assert answer.json() == [{"name": "<iris>", "version": "1.2.0", "state": "READY", "reason": ""}]


BAD = {
    "too large": (b"[" * 250_000, "the body is larger"),
    "nested too deep": (b"[" * 50_000, "nested too deep"),
    "not an object": (b"[]", "must be a JSON object"),
    "not a truth": (b'{"ready": 1}', "'ready' must be true or false"),
    "not JSON": (b"{", "not JSON"),
}


@pytest.mark.parametrize(("body", "words"), BAD.values(), ids=BAD)
async def test_a_bad_question_to_the_repository_is_refused(
    client: httpx.AsyncClient, body: bytes, words: str
) -> None:
    answer = await client.post("/v2/repository/index", content=body)

    assert answer.status_code in (400, 413)
    assert words in answer.json()["error"]
    assert (await client.post("/v2/repository/index")).status_code == 200


async def test_the_api_page_is_made_from_the_models_own_signature(
    client: httpx.AsyncClient,
) -> None:
    document = (await client.get("/openapi.json")).json()

    assert "/v2/models/<iris>/infer" in document["paths"]
    assert "probabilities" in json.dumps(document)
    assert (await client.get("/docs")).status_code == 200
