"""Which state this process is in. It only ever moves forward, whichever thread moves it."""

import threading
from collections.abc import Awaitable, Callable, MutableMapping
from enum import IntEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # the server is up before the model's libraries are imported
    from slipway_runtime.lifecycle.reload import Report
    from slipway_runtime.model import Model
    from slipway_runtime.scheduling.scheduler import Scheduler

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
        self.scheduler: Scheduler | None = None
        self.pages: AsgiApp | None = None
        self.reload: Report | None = None
        """What became of the newest file that came while one was served."""

        self._lock = threading.Lock()
        self._watchers: list[Callable[[], None]] = []

    def advance(self, phase: Phase) -> None:
        """Move on; moving back is silently no move, as a signal may come at any time."""
        with self._lock:
            self.phase = max(self.phase, phase)
        self._tell()

    def watch(self, tell: Callable[[], None]) -> None:
        """Call this after every move, in whichever thread moved."""
        self._watchers.append(tell)

    def _tell(self) -> None:
        for tell in self._watchers:
            tell()

    def open(self, model: "Model", pages: AsgiApp) -> None:
        """Begin to answer."""
        self.model, self.pages = model, pages
        self.advance(Phase.READY)

    def close(self) -> None:
        """Answer no more predictions until a model is there again."""
        self.model = None
        self._tell()

    @property
    def ready(self) -> bool:
        """Whether new requests are wanted here."""
        return self.phase is Phase.READY and self.model is not None

    @property
    def draining(self) -> bool:
        """Whether clients should go elsewhere."""
        return self.phase is Phase.DRAINING

    @property
    def words(self) -> str:
        """Say why it is not ready."""
        unloaded = self.phase is Phase.READY and self.model is None
        return "unloaded" if unloaded else self.phase.name.lower()
