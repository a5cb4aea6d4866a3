from typing import Any

import pytest

from slipway_runtime.lifecycle.state import Phase, State


def test_the_phases_come_in_order() -> None:
    assert [phase.name for phase in Phase] == [
        "STARTING",
        "LOADING",
        "WARMING",
        "READY",
        "DRAINING",
    ]


@pytest.mark.parametrize("phase", Phase)
def test_only_one_phase_is_ready(phase: Phase) -> None:
    state = State()
    anything: Any = object()
    state.model = anything
    state.advance(phase)

    assert state.ready is (phase is Phase.READY)
    assert state.draining is (phase is Phase.DRAINING)
    assert state.words == phase.name.lower()


def test_a_model_that_loads_too_late_does_not_end_the_drain() -> None:
    state = State()
    anything: Any = object()
    state.advance(Phase.DRAINING)

    state.open(anything, anything)

    assert state.draining


def test_without_its_model_it_is_not_ready_and_says_so() -> None:
    state = State()
    anything: Any = object()
    state.open(anything, anything)

    state.close()

    assert not state.ready
    assert state.words == "unloaded"
    state.open(anything, anything)
    assert state.ready
