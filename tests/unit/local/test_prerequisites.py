"""Prerequisites: each missing thing is named together with what to do about it."""

from dataclasses import replace

import pytest

from localcluster.prerequisites import Facts, problems

GOOD = Facts(
    platform="linux",
    root=True,
    builds=True,
    go="go1.26.8",
    foreign_kubelet=None,
    missing_controllers=(),
)


def test_a_good_machine_has_no_problem() -> None:
    assert problems(GOOD) == []


@pytest.mark.parametrize("go", ["go1.26", "go1.26.0", "go1.27rc1", "go2.0"])
def test_a_new_enough_go_will_do(go: str) -> None:
    assert problems(replace(GOOD, go=go)) == []


@pytest.mark.parametrize("go", ["", "go1.19.8", "go1.25.9", "devel"])
def test_an_old_or_missing_go_is_named_with_its_cure(go: str) -> None:
    (problem,) = problems(replace(GOOD, go=go))
    assert "Go 1.26 or newer" in problem
    assert "install it" in problem
    assert (go or "none") in problem


def test_a_machine_with_all_programs_in_its_cache_needs_no_go() -> None:
    assert problems(replace(GOOD, builds=False, go="")) == []


def test_without_root_it_says_sudo() -> None:
    (problem,) = problems(replace(GOOD, root=False))
    assert "sudo" in problem


def test_another_system_is_refused_at_once() -> None:
    other = replace(GOOD, platform="darwin", root=False, go="")
    assert problems(other) == ["a node needs Linux, this is darwin"]


def test_a_foreign_kubelet_is_named_by_its_process() -> None:
    (problem,) = problems(replace(GOOD, foreign_kubelet=4711))
    assert "4711" in problem


def test_missing_controllers_are_named() -> None:
    (problem,) = problems(replace(GOOD, missing_controllers=("memory", "pids")))
    assert "memory, pids" in problem


def test_everything_that_is_missing_is_said_together() -> None:
    assert len(problems(replace(GOOD, root=False, go=""))) == 2
