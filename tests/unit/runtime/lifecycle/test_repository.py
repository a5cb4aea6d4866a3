from typing import Any

import pytest

from slipway_runtime.errors import RefusedError
from slipway_runtime.identity import Identity
from slipway_runtime.lifecycle.repository import Load, Repository
from slipway_runtime.lifecycle.state import Phase, State

WHO = Identity("iris", "1", "")


class World:
    """A repository whose model can be loaded, or not."""

    def __init__(self, trouble: str | None = None) -> None:
        self.state = State()
        self.trouble = trouble
        self.loaded = 0
        self.model: Any = object()

    async def load(self) -> str | None:
        self.loaded += 1
        if self.trouble is None:
            self.state.open(self.model, self.model)
        return self.trouble

    def repository(self, load: Load | None = None) -> Repository:
        return Repository(WHO, self.state, load or self.load)


def entry(state: str, reason: str = "") -> dict[str, str]:
    return {"name": "iris", "version": "1", "state": state, "reason": reason}


@pytest.mark.parametrize(
    ("phase", "told"),
    [
        (Phase.STARTING, entry("LOADING", "starting")),
        (Phase.WARMING, entry("LOADING", "warming")),
        (Phase.READY, entry("READY")),
        (Phase.DRAINING, entry("UNAVAILABLE", "draining")),
    ],
)
def test_the_index_tells_the_state_of_the_model(phase: Phase, told: dict[str, str]) -> None:
    world = World()
    world.state.model = world.model
    world.state.advance(phase)

    assert world.repository().index(ready=False) == [told]
    assert world.repository().index(ready=True) == ([told] if phase is Phase.READY else [])


async def test_an_unloaded_model_is_there_and_not_available_until_it_is_loaded_again() -> None:
    world = World()
    repository = world.repository()
    await repository.load("iris")

    repository.unload("iris")

    assert repository.index(ready=False) == [entry("UNAVAILABLE", "unloaded")]
    with pytest.raises(RefusedError, match="not ready: unloaded") as caught:
        repository.expect_loaded()
    assert caught.value.status == 503

    await repository.load("iris")

    repository.expect_loaded()
    assert repository.index(ready=True) == [entry("READY")]


async def test_what_cannot_be_loaded_is_said_in_words() -> None:
    with pytest.raises(RefusedError, match="failed to load 'iris': it is no model") as caught:
        await World("it is no model").repository().load("iris")
    assert caught.value.status == 400
    with pytest.raises(RefusedError, match="failed to load 'other': this server has only 'iris'"):
        await World().repository().load("other")
    with pytest.raises(RefusedError, match="failed to unload 'other'"):
        World().repository().unload("other")


async def test_clients_control_nothing_unless_they_are_allowed_to() -> None:
    world = World()
    world.state.open(world.model, world.model)
    repository = Repository(WHO, world.state, None)

    for name in ("iris", "other"):
        with pytest.raises(RefusedError, match="--model-control") as caught:
            repository.unload(name)
        assert caught.value.status == 403
    with pytest.raises(RefusedError, match="--model-control"):
        await repository.load("iris")
    assert world.state.ready
    assert not repository.controlled
