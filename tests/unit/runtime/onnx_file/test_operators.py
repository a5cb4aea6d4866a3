from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import helper
from onnxruntime.capi import onnxruntime_pybind11_state as installed

from runtime_testing import models
from slipway_runtime.engine import onnx
from slipway_runtime.errors import ModelError
from slipway_runtime.onnx_file.contents import inspect
from slipway_runtime.onnx_file.operators import (
    KNOWN_DOMAINS,
    Operators,
    expanded,
    objection,
    operator,
)

OWN = "com.example"
X, Y = [("X", models.FLOAT, (1,))], [("Y", models.FLOAT, (1,))]


def function(name: str, *calls: str) -> Any:
    """A function that calls others, one after the other."""
    nodes, last = [], "x"
    for number, call in enumerate(calls):
        domain = "" if call == "Relu" else OWN
        nodes.append(helper.make_node(call, [last], [f"x{number}"], domain=domain))
        last = f"x{number}"
    nodes.append(helper.make_node("Identity", [last], ["y"]))
    opsets = [helper.make_opsetid("", 18), helper.make_opsetid(OWN, 1)]
    return helper.make_function(OWN, name, ["x"], ["y"], nodes, opsets)


def calling(name: str, *functions: Any) -> bytes:
    graph = helper.make_graph(
        [helper.make_node(name, ["X"], ["Y"], domain=OWN)],
        "test",
        [helper.make_tensor_value_info(*tensor) for tensor in X],
        [helper.make_tensor_value_info(*tensor) for tensor in Y],
    )
    opsets = [helper.make_opsetid("", 18), helper.make_opsetid(OWN, 1)]
    made = helper.make_model(graph, opset_imports=opsets, ir_version=9, functions=functions)
    content: bytes = made.SerializeToString()
    return content


def using(domain: str, *kinds: str) -> bytes:
    nodes = [helper.make_node(kind, ["X"], ["Y"], domain=domain) for kind in kinds]
    return models.model(nodes, X, Y, opsets={"": 18, domain: 1})


def test_the_known_domains_are_those_of_the_installed_onnxruntime() -> None:
    assert {schema.domain for schema in installed.get_all_operator_schema()} == KNOWN_DOMAINS


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (using(OWN, "Mystery"), r"operators of 'com.example' \(Mystery\), which onnxruntime"),
        (using(OWN, *"abcde"), r"\(a, b, c, \.\.\.\)"),
        (using("com.microsoft", "EPContext"), "compiled for one device"),
        (calling("f", function("f", "g")), r"'com.example' \(g\)"),
        (calling("f", function("f", "f")), r"without end \(f -> f\)"),
        (calling("f", function("f", "g"), function("g", "f")), "without end"),
    ],
)
def test_what_cannot_be_run_is_refused_by_name(save: Any, content: bytes, words: str) -> None:
    with pytest.raises(ModelError, match=words):
        inspect(save(content))


def test_a_models_own_functions_are_no_strangers(save: Any) -> None:
    path = save(calling("f", function("f", "g", "g"), function("g", "Relu")))

    contents = inspect(path)

    assert contents.operators.used == {("", "Relu"): 1, ("", "Identity"): 2}
    assert expanded(contents.operators) == 5
    assert onnx.load(path).signature.inputs


def test_functions_that_stand_for_too_much_are_refused_before_anybody_writes_them_out(
    save: Any,
) -> None:
    levels = [function(f"f{level}", *[f"f{level + 1}"] * 10) for level in range(12)]

    with pytest.raises(ModelError, match=r"stand for 2.11e\+12 nodes"):
        inspect(save(calling("f0", *levels, function("f12", "Relu"))))


def test_a_long_chain_of_functions_is_no_recursion_of_ours() -> None:
    chain = {operator(OWN, str(n)): Counter({operator(OWN, str(n + 1)): 1}) for n in range(5000)}
    chain[operator(OWN, "5000")] = Counter({operator("", "Relu"): 1})

    assert expanded(Operators(Counter({operator(OWN, "0"): 3}), chain)) == 3


def test_standard_operators_have_one_name(save: Any) -> None:
    content = using("ai.onnx", "Relu")

    assert inspect(save(content)).operators.used == {("", "Relu"): 1}


@given(st.dictionaries(st.integers(0, 6), st.lists(st.integers(0, 7), max_size=3), max_size=7))
def test_any_functions_are_counted_or_refused(calls: dict[int, list[int]]) -> None:
    functions = {
        operator(OWN, str(name)): Counter(operator(OWN, str(call)) for call in called)
        for name, called in calls.items()
    }
    main = Counter({operator(OWN, "0"): 1})

    words = objection(Operators(main, functions))

    assert words is None or "com.example" in words or "without end" in words
