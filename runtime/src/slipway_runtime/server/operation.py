"""What runs beside serving: who may ask, what is written down, and what is exchanged meanwhile.

Built from the settings; what is off does not exist, and nothing looks for it. Answers no request
itself.
"""

import asyncio
import signal
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from prometheus_client import CollectorRegistry, Counter

from slipway_runtime.errors import StartError
from slipway_runtime.identity import Identity
from slipway_runtime.lifecycle import checksum
from slipway_runtime.lifecycle.reload import Reloader, Report
from slipway_runtime.lifecycle.state import AsgiApp, State
from slipway_runtime.server.access_log import AccessLog, Logged
from slipway_runtime.server.auth import Guard, Keys
from slipway_runtime.server.settings import OperationSettings, TraceSettings
from slipway_runtime.server.tls import Certificates
from slipway_runtime.watching import Watch

if TYPE_CHECKING:  # most serve without
    from slipway_runtime.payload_log.log import PayloadLog
    from slipway_runtime.traces import Tracing

_CLOSING_SECONDS: Final = 2.0
_WHO: Final = ("model", "version", "revision")

Follow = Callable[[Watch], Coroutine[Any, Any, None]]


class Operation:
    """All of it, for one process."""

    def __init__(
        self,
        settings: OperationSettings,
        identity: Identity,
        state: State,
        registry: CollectorRegistry,
    ) -> None:
        self._settings = settings
        self._identity = identity
        self._who = (identity.name, identity.version, identity.revision)
        self._state = state
        self._registry = registry
        self._reloads = Counter(
            "slipway_reloads", "New model files, by what became of them.", (*_WHO, "outcome"),
            registry=registry,
        )  # fmt: skip
        self._watches: list[Watch] = []
        self._tasks: set[asyncio.Task[None]] = set()
        try:
            self.keys = Keys(settings.auth.files) if settings.auth.files else None
            self.certificates = Certificates(settings.tls) if settings.tls.files else None
            self.access_log = self._access_log()
            self._payloads = self._payload_log()
        except OSError as error:
            raise StartError(f"{error.filename} cannot be opened: {error.strerror}") from None
        self._tracing = _tracing(settings.traces, identity)

    def _access_log(self) -> AccessLog | None:
        if not self._settings.access_log.target:
            return None
        dropped = self._counter("slipway_access_log_dropped", "Requests without a line in the log.")
        return AccessLog(self._settings.access_log, self._identity.revision, dropped)

    def _payload_log(self) -> "PayloadLog | None":
        if not self._settings.payloads.target:
            return None
        from slipway_runtime.payload_log.log import PayloadLog

        dropped = self._counter("slipway_payload_log_dropped", "Payloads that were not logged.")
        return PayloadLog(self._settings.payloads, self._identity, dropped)

    def _counter(self, name: str, words: str) -> Callable[[int], None]:
        return Counter(name, words, _WHO, registry=self._registry).labels(*self._who).inc

    @property
    def sees_inside(self) -> bool:
        """Whether bodies or stages are looked at, which only the ASGI application shows."""
        return self._payloads is not None or self._tracing is not None

    def around(self, app: AsgiApp) -> AsgiApp:
        """Put all that requests pass through before an application, the outermost last."""
        if self._payloads is not None:
            app = self._payloads.around(app)
        if self.keys is not None:
            app = Guard(app, self.keys, self._settings.auth.open)
        if self._tracing is not None:
            app = self._tracing.around(app)
        if self.access_log is not None:
            app = Logged(app, self.access_log)
        return app

    def start(self, reloader: Reloader[Any], model: Path) -> None:
        """Begin to look at the files that may be exchanged; SIGHUP looks at once."""
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, self.look)
        if self._settings.reload:
            self._follow(reloader.follow, [model, checksum.beside(model)])
        if self.keys is not None:
            self._follow(self.keys.follow, self._settings.auth.files)
        if self.certificates is not None:
            self._follow(self.certificates.follow, self._settings.tls.files)

    def _follow(self, follow: Follow, files: Sequence[Path]) -> None:
        watch = Watch(files)
        self._watches.append(watch)
        self._tasks.add(asyncio.create_task(follow(watch)))

    def look(self) -> None:
        """Take all files for new now."""
        for watch in self._watches:
            watch.hurry()

    def reloaded(self, report: Report) -> None:
        """Keep and count what became of a new model file."""
        self._state.reload = report
        self._reloads.labels(*self._who, report.outcome).inc()

    async def close(self) -> None:
        """Write and send what is left, in a short time."""
        for task in self._tasks:
            task.cancel()
        for ending in (self.access_log, self._payloads, self._tracing):
            if ending is not None:
                await asyncio.to_thread(ending.close, _CLOSING_SECONDS)


def _tracing(settings: TraceSettings, identity: Identity) -> "Tracing | None":
    if not settings.endpoint:
        return None
    try:
        from slipway_runtime.traces import Tracing
    except ImportError as error:
        raise StartError(
            f"traces need the extra 'traces', which is not installed ({error.name} is missing): "
            "pip install 'slipway[traces]'"
        ) from None
    return Tracing(settings, identity)
