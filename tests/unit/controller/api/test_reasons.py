"""No reason is missing, and none is there that nobody gives."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import slipway_operator.api
from slipway_operator.api.reasons import Reason
from slipway_runtime.errors import Reason as RuntimeReason

SOURCES = Path(slipway_operator.api.__file__).parents[1]


def names_given() -> Iterator[str]:
    """What the operator's code takes from the enumeration, by attribute."""
    for path in SOURCES.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "Reason":
                yield node.attr


FROM_OPERATOR = set(names_given())
FROM_RUNTIME = {str(reason) for reason in RuntimeReason}


@pytest.mark.parametrize("reason", list(RuntimeReason), ids=str)
def test_what_a_runtime_says_is_a_reason_that_warns(reason: RuntimeReason) -> None:
    assert Reason(reason).is_warning


@pytest.mark.parametrize("reason", list(Reason), ids=str)
def test_every_reason_comes_from_the_operator_or_the_runtime(reason: Reason) -> None:
    assert reason.name in FROM_OPERATOR or reason in FROM_RUNTIME
