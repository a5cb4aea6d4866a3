import pytest

from slipway_runtime.signature import Datatype, Dim, Signature, TensorSpec, clash


def spec(*shape: Dim, name: str = "X") -> TensorSpec:
    return TensorSpec(name, Datatype.FP32, shape)


def signature(inputs: list[TensorSpec], outputs: list[TensorSpec]) -> Signature:
    return Signature(tuple(inputs), tuple(outputs))


def test_every_datatype_has_an_array_type() -> None:
    assert {datatype.numpy.itemsize for datatype in Datatype} == {1, 2, 4, 8}


def test_a_size_that_the_request_chooses_is_minus_one_on_the_wire() -> None:
    assert spec("N", 4, None).wire_shape == [-1, 4, -1]


@pytest.mark.parametrize(
    ("shape", "fits"), [([2, 4], True), ([0, 4], True), ([2, 3], False), ([4], False)]
)
def test_a_shape_fits_when_its_fixed_sizes_are_equal(shape: list[int], fits: bool) -> None:
    assert spec("N", 4).admits(shape) is fits


@pytest.mark.parametrize(
    ("given", "answer", "row_wise"),
    [
        (["N", 4], ["N"], True),
        ([None, 4], [None, 3], True),
        (["N", 4], [None], True),
        ([1, 4], [1, 3], True),
        (["N", 4], ["detections", 6], False),
        (["N", 4], [1], False),
        ([1, 4], [None, 6], False),
        (["N", 4], [], True),
        ([4], [4], False),
        ([], [], False),
    ],
)
def test_a_model_is_row_wise_when_all_its_tensors_count_the_same_rows(
    given: list[Dim], answer: list[Dim], row_wise: bool
) -> None:
    assert signature([spec(*given)], [spec(*answer)]).row_wise is row_wise


def test_a_model_without_inputs_is_not_row_wise() -> None:
    assert not signature([], [spec("N")]).row_wise


def test_a_fixed_one_means_one_row_at_a_time() -> None:
    assert signature([spec(1, 4)], []).single_row
    assert not signature([spec("N", 4)], []).single_row


def test_a_named_size_must_be_equal_wherever_it_appears() -> None:
    specs = [spec("N", 2, name="A"), spec("N", 3, name="B")]

    assert clash(specs, [[5, 2], [5, 3]]) is None
    words = clash(specs, [[5, 2], [6, 3]])

    assert words is not None
    assert all(word in words for word in ("'N'", "'A'", "'B'", "5", "6"))


def test_unnamed_sizes_are_independent() -> None:
    assert clash([spec(None), spec(None)], [[1], [2]]) is None
