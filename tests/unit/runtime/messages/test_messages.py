"""Our definition of the messages: complete, up to date, and in nobody's way."""

import shutil
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import descriptor_pool
from tritonclient.grpc import model_config_pb2, service_pb2

from slipway_runtime.messages import generate, open_inference_pb2, pool

OURS = open_inference_pb2.DESCRIPTOR
THEIRS = {**service_pb2.DESCRIPTOR.message_types_by_name,
          **model_config_pb2.DESCRIPTOR.message_types_by_name}  # fmt: skip


def fields(message: Any) -> dict[str, tuple[int, int, bool]]:
    return {field.name: (field.number, field.type, field.is_repeated) for field in message.fields}


@pytest.mark.parametrize("name", OURS.message_types_by_name)
def test_each_field_has_the_number_and_type_that_tritons_client_gives_it(name: str) -> None:
    own, other = fields(OURS.message_types_by_name[name]), fields(THEIRS[name])

    assert own.items() <= other.items()


@pytest.mark.parametrize("name", ["InferInputTensor", "InferRequestedOutputTensor"])
def test_nested_messages_agree_too(name: str) -> None:
    own = OURS.message_types_by_name["ModelInferRequest"].nested_types_by_name[name]

    assert fields(own) == fields(THEIRS["ModelInferRequest"].nested_types_by_name[name])


def test_each_method_takes_and_gives_what_tritons_client_thinks() -> None:
    theirs = service_pb2.DESCRIPTOR.services_by_name["GRPCInferenceService"].methods_by_name
    for method in OURS.services_by_name["GRPCInferenceService"].methods:
        other = theirs[method.name]
        assert method.input_type.full_name == other.input_type.full_name
        assert method.output_type.full_name == other.output_type.full_name
        assert method.client_streaming == other.client_streaming


def test_datatypes_have_the_same_numbers() -> None:
    own, other = (
        {value.name: value.number for value in kind.values}
        for kind in (
            OURS.enum_types_by_name["DataType"],
            model_config_pb2.DESCRIPTOR.enum_types_by_name["DataType"],
        )
    )
    assert own == other


def test_ours_are_not_where_clients_register_theirs() -> None:
    assert OURS.pool is pool.POOL
    assert OURS.pool is not descriptor_pool.Default()


def test_what_is_checked_in_is_what_protoc_makes() -> None:
    assert generate.main(["--check"]) == 0


def test_a_change_is_noticed_and_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    definition = tmp_path / "open_inference.proto"
    shutil.copy(generate.DEFINITION, definition)
    monkeypatch.setattr(generate, "FOLDER", tmp_path)
    monkeypatch.setattr(generate, "DEFINITION", definition)

    assert generate.main(["--check"]) == 1
    assert "run `make generate`" in capsys.readouterr().err
    assert generate.main([]) == 0
    assert generate.main(["--check"]) == 0
