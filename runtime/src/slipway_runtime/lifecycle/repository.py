"""The protocol's model repository, of exactly one model: what is there, load and unload.

For the event loop alone. Loading is done by whatever reloads the model; this only decides when.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Any

from slipway_runtime import description
from slipway_runtime.errors import RefusedError, bad_request, unavailable
from slipway_runtime.identity import Identity
from slipway_runtime.lifecycle.release import release
from slipway_runtime.lifecycle.state import Phase, State

Load = Callable[[], Awaitable[str | None]]
"""Loads the model's file anew and puts it in place; says in words what is wrong, if it cannot."""

Entry = dict[str, Any]


class Repository:
    """The repository of one process; `load` is None where clients have no say."""

    def __init__(self, identity: Identity, state: State, load: Load | None) -> None:
        self._identity = identity
        self._state = state
        self._load = load
        self._releasing: asyncio.Task[None] | None = None

    @property
    def controlled(self) -> bool:
        """Whether clients may load and unload."""
        return self._load is not None

    def index(self, *, ready: bool) -> list[Entry]:
        """List the model, unless only what is ready is asked for and it is not."""
        entry = description.index(self._identity, *self._condition())
        return [] if ready and entry["state"] != "READY" else [entry]

    def _condition(self) -> tuple[str, str]:
        if self._state.ready:
            return "READY", ""
        loading = self._state.phase < Phase.READY
        return "LOADING" if loading else "UNAVAILABLE", self._state.words

    @property
    def last_reload(self) -> Entry:
        """Tell what became of the newest file, where one came while another was served."""
        report = self._state.reload
        return {"last_reload": asdict(report)} if report else {}

    def expect_loaded(self) -> None:
        """Refuse what only a loaded model can tell."""
        if self._state.model is None:
            raise unavailable(f"not ready: {self._state.words}")

    async def load(self, name: str) -> None:
        """Load the model, anew if it is loaded already; it answers all the while."""
        load = self._expect_control()
        self._expect(name, "load")
        if words := await load():
            raise bad_request(f"failed to load '{name}': {words}")

    def unload(self, name: str) -> None:
        """Answer no more predictions until the model is loaded again."""
        self._expect_control()
        self._expect(name, "unload")
        self._state.close()
        self._releasing = asyncio.create_task(release(lambda: True))

    def _expect_control(self) -> Load:
        if self._load is None:
            raise RefusedError(
                403, "loading and unloading models is off here; serve with --model-control"
            )
        return self._load

    def _expect(self, name: str, what: str) -> None:
        if name != self._identity.name:
            raise bad_request(
                f"failed to {what} '{name:.80}': this server has only '{self._identity.name}'"
            )
