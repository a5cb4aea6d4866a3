"""Each example's files belong together: model, ModelDeployment, request and held-out rows."""

import hashlib
from itertools import chain
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
import yaml

from slipway_operator.api.v1alpha1 import ModelDeployment

LARGEST_MODEL = 190_000  # `kubectl apply` keeps a copy in an annotation of 256 KiB at most


def test_the_digest_in_the_yaml_is_that_of_the_model(example: Any) -> None:
    digest = hashlib.sha256(example.file.read_bytes()).hexdigest()

    assert example.model["sha256"] == digest


def test_the_uri_names_the_example_and_its_version(example: Any) -> None:
    path = f"{example.folder.name}/{example.version}/model.onnx"

    assert example.model["uri"] == f"http://models.slipway-examples.svc/{path}"


def test_the_yaml_is_a_model_deployment_with_nothing_unknown_in_it(example: Any) -> None:
    written = yaml.safe_load(example.manifest.read_text(encoding="utf-8"))
    spec = ModelDeployment.model_validate({"spec": written["spec"]}).spec

    assert spec.to_wire() == written["spec"]


def test_the_model_answers_held_out_rows_as_scikit_learn_does(example: Any) -> None:
    holdout = example.read("holdout.json")
    answers = holdout["outputs"][example.version]

    served = _run(example, holdout["inputs"])

    assert served.keys() == answers.keys()
    for name, rows in answers.items():
        _assert_same(served[name], np.array(rows))


def test_rows_one_by_one_give_the_answers_of_the_batch(example: Any) -> None:
    inputs = example.read("holdout.json")["inputs"]
    batch = _run(example, inputs)

    alone = [
        _run(example, {name: [row] for name, row in zip(inputs, rows, strict=True)})
        for rows in zip(*inputs.values(), strict=True)
    ]

    for name, answers in batch.items():
        _assert_same(np.concatenate([answer[name] for answer in alone]), answers)


def test_held_out_rows_keep_within_the_declared_bounds(example: Any) -> None:
    for name, rows in example.read("holdout.json")["inputs"].items():
        rule, values = example.rules[name], np.array(rows)
        low, high = rule.get("range", (None, None))
        assert low is None or (low <= values.min() and values.max() <= high)
        assert set(values.flat) <= set(rule.get("values", values.flat))
        assert max(len(str(value)) for value in values.flat) <= rule.get("maxLength", 100)


def test_the_request_names_what_the_model_takes(example: Any) -> None:
    session = _session(example)
    fields = chain.from_iterable(
        example.rules[node.name].get("features", [node.name]) for node in session.get_inputs()
    )
    request = example.read("request.json")
    wanted = list(fields)

    assert [list(row) for row in _rows(request)] == [wanted] * len(_rows(request))


def test_the_model_is_small_enough_for_the_store(example: Any) -> None:
    assert example.file.stat().st_size < LARGEST_MODEL


def test_the_model_needs_no_opset_beyond_the_pinned_ones(example: Any) -> None:
    known = {"": 21, "ai.onnx.ml": 3, "com.microsoft": 1}
    used = {entry.domain: entry.version for entry in onnx.load(example.file).opset_import}

    assert all(version <= known[domain] for domain, version in used.items())


def test_the_text_model_asks_for_a_locale_that_every_image_has(examples: Any) -> None:
    nodes = onnx.load(examples / "tickets" / "model.onnx").graph.node
    normalizer = next(node for node in nodes if node.op_type == "StringNormalizer")

    assert [a.s for a in normalizer.attribute if a.name == "locale"] == [b"C.UTF-8"]


@pytest.mark.parametrize("text", ["", "   ", "!!!", "Größe 日本語", "x" * 2000])
def test_the_text_model_answers_any_text(text: str, examples: Any) -> None:
    session = onnxruntime.InferenceSession(examples / "tickets" / "model.onnx")

    label, probabilities = session.run(None, {"text": np.array([[text]], dtype=object)})

    assert label[0] in {"account", "billing", "delivery", "fault"}
    assert probabilities.sum() == pytest.approx(1, abs=1e-5)


def _session(example: Any) -> Any:
    return onnxruntime.InferenceSession(example.file)


def _run(example: Any, inputs: dict[str, list[Any]]) -> dict[str, Any]:
    session = _session(example)
    kinds = {"tensor(float)": np.float32, "tensor(string)": object}
    feed = {
        node.name: np.array(inputs[node.name], kinds[node.type]) for node in session.get_inputs()
    }
    names = [node.name for node in session.get_outputs()]
    return dict(zip(names, session.run(names, feed), strict=True))


def _rows(request: Any) -> list[dict[str, Any]]:
    return request if isinstance(request, list) else [request]


def _assert_same(found: Any, wanted: Any) -> None:
    if np.asarray(wanted).dtype.kind == "f":
        np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-5)
    else:
        assert found.tolist() == wanted.tolist()
