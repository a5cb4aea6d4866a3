import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway_runtime.errors import ModelError, Reason
from slipway_runtime.sidecar import parse
from slipway_runtime.signature import Datatype, Signature, TensorSpec

YAML = b"""
inputs:
  - {name: image, datatype: FP32, shape: [rows, 1, 28, 28]}
outputs:
  - name: digit
    datatype: INT64
    shape: [-1]
"""


def test_a_signature_is_written_in_yaml_or_json() -> None:
    expected = Signature(
        (TensorSpec("image", Datatype.FP32, ("rows", 1, 28, 28)),),
        (TensorSpec("digit", Datatype.INT64, (None,)),),
    )
    document = {
        "inputs": [{"name": "image", "datatype": "FP32", "shape": ["rows", 1, 28, 28]}],
        "outputs": [{"name": "digit", "datatype": "INT64", "shape": [-1]}],
    }

    assert parse(YAML, "m.signature.yaml") == expected
    assert parse(json.dumps(document).encode(), "m.signature.json") == expected


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"", "m.yaml is no signature: Input should be a valid dictionary"),
        (b"inputs: [", "m.yaml is no signature: while parsing"),
        (YAML.replace(b"FP32", b"float"), r"inputs\.0\.datatype: Input should be 'BOOL'"),
        (YAML.replace(b"name: image", b"nome: image"), r"inputs\.0\.name: Field required"),
        (YAML.replace(b"rows, 1", b"rows, -2"), r"inputs\.0\.shape\.1"),
        (YAML.partition(b"outputs")[0], "outputs: Field required"),
        (YAML + b"  - {name: digit, datatype: FP32, shape: []}\n", "names must differ"),
        (b"inputs: !!python/object/apply:os.system ['true']", "could not determine a constructor"),
    ],
)
def test_a_wrong_signature_is_refused_with_the_place(text: bytes, words: str) -> None:
    with pytest.raises(ModelError, match=words) as caught:
        parse(text, "m.yaml")
    assert caught.value.reason is Reason.LOAD_FAILED


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(text: bytes) -> None:
    with pytest.raises(ModelError):
        parse(text, "m.yaml")
