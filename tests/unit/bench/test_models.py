from pathlib import Path

import pytest

from bench.runtime import models
from bench.runtime.cases import CASES, Case
from bench.runtime.operation import mixture


@pytest.mark.parametrize("name", models.NAMES)
def test_a_model_is_the_same_each_time_it_is_made(name: str, tmp_path: Path) -> None:
    first = models.make(name, tmp_path)
    content = first.path.read_bytes()
    second = models.make(name, tmp_path)

    assert second.path.read_bytes() == content
    assert (first.given == second.given).all()
    assert (first.expected == second.expected).all()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_case_begins_with_slipway_and_has_a_target(case: Case) -> None:
    assert case.contenders[0].server.startswith("slipway")
    assert any(contender.target for contender in case.contenders)
    assert case.model in models.NAMES


def test_the_mixture_has_requests_good_and_bad_each_once(tmp_path: Path) -> None:
    requests = mixture(models.make("iris", tmp_path))

    assert len(set(requests)) == len(requests)
    assert all(request.startswith(b"POST /") for request in requests)
