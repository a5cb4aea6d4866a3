"""Every kind of bad request is refused in words, and the next good one is answered."""

import json
from typing import Any

import pytest

from slipway_testing.cluster import Cluster
from slipway_testing.scene import Model, adder, adds

pytestmark = pytest.mark.cluster


def infer(**tensor: Any) -> bytes:
    """A request with one good tensor, but for what is given."""
    good = {"name": "X", "shape": [1, 4], "datatype": "FP32", "data": [1, 2, 3, 4]}
    return json.dumps({"inputs": [{**good, **tensor}]}).encode()


BAD: dict[str, tuple[str, bytes, int, str]] = {
    "wrong shape": ("infer", infer(shape=[1, 3], data=[1, 2, 3]), 400, "shape"),
    "shape and data disagree": ("infer", infer(shape=[2, 4]), 400, "8"),
    "wrong type": ("infer", infer(datatype="INT64"), 400, "FP32"),
    "text for a number": ("infer", infer(data=["a", 2, 3, 4]), 400, "X"),
    "out of range": ("infer", infer(data=[1, 2, 3, 99]), 400, "99"),
    "missing input": ("infer", b'{"inputs": []}', 400, "X"),
    "extra input": (
        "infer",
        json.dumps({"inputs": json.loads(infer())["inputs"] * 2}).encode(),
        400,
        "X",
    ),
    "not a number": ("infer", infer(data=[1, 2, 3, float("nan")]), 400, "NaN"),
    "not JSON": ("infer", b"{not json", 400, "JSON"),
    "nested beyond reason": ("infer", b"[" * 100_000, 400, ""),
    "a body of 100 MB": ("infer", b" " * 100_000_000, 413, "MiB"),
    "no feature": ("predict", b"{}", 400, "a"),
    "an unknown feature": ("predict", b'{"a":1,"b":2,"c":3,"d":4,"e":5}', 400, "e"),
    "a feature out of range": ("predict", b'{"a":1,"b":2,"c":3,"d":99}', 400, "d"),
    "a feature of the wrong type": ("predict", b'{"a":1,"b":2,"c":3,"d":"x"}', 400, "d"),
}


@pytest.fixture(scope="module")
def model(cluster: Cluster, make_namespace: Any, store: str) -> Model:
    spec = adder(store, 1)
    spec["model"]["inputs"] = [{"name": "X", "range": [0, 10], "features": ["a", "b", "c", "d"]}]
    return Model(cluster, make_namespace("requests"), "strict").apply(spec).becomes_ready()


@pytest.mark.parametrize(("where", "body", "code", "words"), BAD.values(), ids=BAD.keys())
def test_a_bad_request_is_refused_in_words(
    model: Model, where: str, body: bytes, code: int, words: str
) -> None:
    path = {"infer": f"v2/models/{model.name}/infer", "predict": "predict"}[where]

    answer = model.post(path, body)

    assert answer.status_code == code, answer.text
    assert words in answer.json()["error"]
    assert "Traceback" not in answer.text
    model.answers(adds(1))


def test_an_unknown_model_is_not_found(model: Model) -> None:
    answer = model.post("v2/models/another/infer", infer())
    assert answer.status_code == 404
    assert "another" in answer.json()["error"]


def test_the_good_request_is_answered_with_names(model: Model) -> None:
    answer = model.post("predict", b'{"a":1,"b":2,"c":3,"d":4}')
    assert answer.status_code == 200
    assert answer.json()["Y"] == adds(1)
