from typing import Any

import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from slipway_runtime.onnx_file.tensors import (
    expect_sensible_sparse,
    extent,
    read_dense,
)
from slipway_runtime.onnx_file.wire import AbsurdError


def dense(**fields: Any) -> bytes:
    content: bytes = TensorProto(name="w", **fields).SerializeToString()
    return content


def outside(**entries: str) -> bytes:
    tensor = TensorProto(name="w", dims=[4], data_type=TensorProto.FLOAT)
    for key, value in entries.items():
        tensor.external_data.add(key=key, value=value)
    content: bytes = tensor.SerializeToString()
    return content


@pytest.mark.parametrize(
    "dtype", [np.bool_, np.int8, np.float16, np.int32, np.float32, np.int64, np.float64, object]
)
@given(shape=st.lists(st.integers(0, 5), max_size=4))
def test_every_honest_tensor_is_read(dtype: Any, shape: list[int]) -> None:
    values = np.full(shape, "a" if dtype is object else 1, dtype)
    content = numpy_helper.from_array(values, "w").SerializeToString()

    found = read_dense(content, 0, len(content))

    assert (found.name, found.shape) == ("w", shape)


@pytest.mark.parametrize("kind", ["INT4", "UINT4", "FLOAT4E2M1"])
def test_the_densest_tensors_are_honest_too(kind: str) -> None:
    made = helper.make_tensor("w", getattr(TensorProto, kind), [4096], np.zeros(4096))
    content = made.SerializeToString()

    assert read_dense(content, 0, len(content)).elements == 4096


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (dense(dims=[10**12], data_type=1, raw_data=b"abcd"), "declares 1000000000000 elements"),
        (dense(dims=[2**62, 2**62], data_type=7, int64_data=[1]), "'w' of shape"),
        (dense(dims=[-1], data_type=1, raw_data=b"abcd"), "size below zero: -1"),
        (dense(dims=[1] * 65, data_type=1, raw_data=b"abcd"), "more than 64 dimensions"),
    ],
)
def test_a_tensor_that_promises_more_than_it_holds_is_refused(content: bytes, words: str) -> None:
    with pytest.raises(AbsurdError, match=words):
        read_dense(content, 0, len(content))


@pytest.mark.parametrize(
    ("entries", "end"),
    [
        ({}, 16),
        ({"offset": "4096"}, 4112),
        ({"offset": "4096", "length": "16"}, 4112),
        ({"length": "20"}, 20),
    ],
)
def test_weights_elsewhere_reach_as_far_as_they_say(entries: dict[str, str], end: int) -> None:
    content = outside(location="w.bin", **entries)

    assert extent(read_dense(content, 0, len(content))) == ("w.bin", end)


@pytest.mark.parametrize(
    "entries", [{"length": "15"}, {"length": "-1"}, {"offset": "x"}, {"offset": "9" * 30}]
)
def test_weights_elsewhere_that_cannot_be_there_are_refused(entries: dict[str, str]) -> None:
    content = outside(location="w.bin", **entries)

    with pytest.raises(AbsurdError):
        extent(read_dense(content, 0, len(content)))


def test_a_sparse_tensor_nobody_could_write_out_is_refused() -> None:
    honest = onnx.SparseTensorProto(dims=[1000, 1000]).SerializeToString()
    absurd = onnx.SparseTensorProto(dims=[10**6, 10**6]).SerializeToString()

    expect_sensible_sparse(honest, 0, len(honest))
    with pytest.raises(AbsurdError, match="sparse tensor of shape"):
        expect_sensible_sparse(absurd, 0, len(absurd))
