"""Other programs: their failure is told in their own last words."""

import pytest

from localcluster.commands import Failure, run, succeeds


def test_a_program_gives_what_it_prints() -> None:
    assert run(["cat"], stdin="words") == "words"


def test_a_failure_carries_the_last_words() -> None:
    with pytest.raises(Failure, match="no such device"):
        run(["sh", "-c", "echo no such device >&2; exit 3"])


def test_only_the_end_of_a_long_complaint_is_shown() -> None:
    with pytest.raises(Failure) as caught:
        run(["sh", "-c", "seq 1000 >&2; exit 1"])
    assert "1000" in str(caught.value)
    assert "\n500\n" not in str(caught.value)


def test_a_missing_program_is_named() -> None:
    with pytest.raises(Failure, match="no-such-program is not installed"):
        run(["no-such-program"])


def test_success_is_a_question() -> None:
    assert succeeds(["true"])
    assert not succeeds(["false"])
    assert not succeeds(["no-such-program"])
