from pathlib import Path
from typing import Any

import pytest
from onnx import TensorProto, helper

from runtime_testing import models
from slipway_runtime.cgroup import Limits
from slipway_runtime.engine.settings import EngineSettings
from slipway_runtime.errors import ModelError, Reason
from slipway_runtime.identity import Identity
from slipway_runtime.lifecycle.loading import load
from slipway_runtime.model import Model
from slipway_runtime.settings import ServeSettings

FREE = Limits(None, None)


def settings(path: Path, inputs: str = "") -> ServeSettings:
    return ServeSettings(path, Identity("m", "1", ""), inputs, 1, EngineSettings(), None, 0, 0)


def loaded(path: Path, inputs: str = "", limits: Limits = FREE) -> Model:
    return load(settings(path, inputs), limits)


def failure(path: Path, reason: Reason, inputs: str = "", limits: Limits = FREE) -> str:
    with pytest.raises(ModelError) as caught:
        loaded(path, inputs, limits)
    assert caught.value.reason is reason
    return caught.value.message


def test_a_good_model_is_loaded(save: Any) -> None:
    assert loaded(save(models.classifier())).signature.row_wise


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    assert "no file" in failure(tmp_path / "model.onnx", Reason.LOAD_FAILED)


def test_what_is_no_model_never_reaches_the_engine(save: Any) -> None:
    assert "pickle" in failure(save(b"\x80\x04."), Reason.FORMAT_REJECTED)


def test_weights_outside_of_the_folder_never_reach_the_engine(save: Any) -> None:
    path = save(models.outside("../secret.bin"))

    assert "../secret.bin" in failure(path, Reason.FORMAT_REJECTED)


def test_weights_beside_the_model_are_loaded(save: Any) -> None:
    path = save(models.outside("weights.bin"))
    (path.parent / "weights.bin").write_bytes(models.WEIGHTS)

    assert loaded(path).signature.inputs


def test_missing_weights_are_named(save: Any) -> None:
    assert "weights.bin" in failure(save(models.outside("weights.bin")), Reason.LOAD_FAILED)


def test_a_model_larger_than_the_memory_is_refused_before_it_is_loaded(save: Any) -> None:
    path = save(models.outside("weights.bin"))
    with (path.parent / "weights.bin").open("wb") as file:
        file.truncate(200 * 2**20)

    words = failure(path, Reason.LOAD_FAILED, limits=Limits(None, 128 * 2**20))

    assert "the model has 200 MiB, the limit is 128 MiB" in words
    assert "resources.limits.memory" in words


def test_rules_that_do_not_fit_end_the_start(save: Any) -> None:
    words = failure(save(models.classifier()), Reason.LOAD_FAILED, '[{"name": "Z"}]')

    assert "no input 'Z'" in words


def test_an_enormous_tensor_that_is_not_there_is_refused(save: Any) -> None:
    lie = TensorProto(name="w", dims=[10**12], data_type=models.FLOAT, raw_data=b"abcd")
    content = models.model(
        [helper.make_node("Add", ["X", "w"], ["Y"])],
        [("X", models.FLOAT, ("N",))],
        [("Y", models.FLOAT, ("N",))],
        [lie],
    )

    assert "declares 1000000000000 elements" in failure(save(content), Reason.FORMAT_REJECTED)


def test_weights_that_end_too_early_are_refused(save: Any) -> None:
    path = save(models.outside("weights.bin"))
    (path.parent / "weights.bin").write_bytes(models.WEIGHTS[:-1])

    words = failure(path, Reason.FORMAT_REJECTED)

    assert "'weights.bin', which has 15 bytes where the model needs 16" in words


def test_operators_of_somebodys_library_never_reach_the_engine(save: Any) -> None:
    content = models.model(
        [helper.make_node("Tokenizer", ["X"], ["Y"], domain="ai.onnx.contrib")],
        [("X", models.FLOAT, (1,))],
        [("Y", models.FLOAT, (1,))],
        opsets={"": 18, "ai.onnx.contrib": 1},
    )

    words = failure(save(content), Reason.FORMAT_REJECTED)

    assert "operators of 'ai.onnx.contrib' (Tokenizer)" in words
