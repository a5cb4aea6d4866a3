"""Which state this process is in. It only ever moves forward, whichever thread moves it."""

import threading
from collections.abc import Awaitable, Callable, MutableMapping
from enum import IntEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # the server is up before the model's libraries are imported
    from slipway_runtime.model import Model

AsgiApp = Callable[
    [
        MutableMapping[str, Any],
        Callable[[], Awaitable[MutableMapping[str, Any]]],
        Callable[[MutableMapping[str, Any]], Awaitable[None]],
    ],
    Awaitable[None],
]


class Phase(IntEnum):
    """The states, in their only order."""

    STARTING = 0
    LOADING = 1
    WARMING = 2
    READY = 3
    DRAINING = 4


class State:
    """The phase, and what is there to answer with since the phase was `READY`."""

    def __init__(self) -> None:
        self.phase = Phase.STARTING
        self.model: Model | None = None
        self.pages: AsgiApp | None = None
        self._lock = threading.Lock()

    def advance(self, phase: Phase) -> None:
        """Move on; moving back is silently no move, as a signal may come at any time."""
        with self._lock:
            self.phase = max(self.phase, phase)

    def open(self, model: "Model", pages: AsgiApp) -> None:
        """Begin to answer."""
        self.model, self.pages = model, pages
        self.advance(Phase.READY)

    @property
    def ready(self) -> bool:
        """Whether new requests are wanted here."""
        return self.phase is Phase.READY

    @property
    def draining(self) -> bool:
        """Whether clients should go elsewhere."""
        return self.phase is Phase.DRAINING

    @property
    def words(self) -> str:
        """Say why it is not ready."""
        return self.phase.name.lower()
