"""How a server is watched, protected and bounded. Values only: the command line imports it.

Everything but the bounds is off unless it is asked for.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

_MIB: Final = 1024 * 1024
OPEN_GROUPS: Final = ("health", "metrics")


@dataclass(frozen=True, slots=True)
class AccessLogSettings:
    """Where the access log goes, and whether probes and scrapes are in it."""

    target: str = ""
    """A file, `-` for the standard output, or empty: nowhere."""

    probes: bool = False


@dataclass(frozen=True, slots=True)
class AuthSettings:
    """Where the keys are, and what is answered without one."""

    files: tuple[Path, ...] = ()
    open: tuple[str, ...] = OPEN_GROUPS
    """Some of `OPEN_GROUPS`: a kubelet and a Prometheus have no key."""


@dataclass(frozen=True, slots=True)
class PayloadSettings:
    """Where payloads are logged to, which share of them, and how much may wait."""

    target: str = ""
    """A file or an http(s) URL; empty: nowhere."""

    share: float = 1.0
    queue: int = 16 * _MIB
    largest_file: int = 100 * _MIB


@dataclass(frozen=True, slots=True)
class TlsSettings:
    """Which files to serve with; without a certificate, plain HTTP is served."""

    certificate: Path | None = None
    key: Path | None = None
    client_ca: Path | None = None
    """Whose clients are served; None: everybody's."""

    @property
    def files(self) -> tuple[Path, ...]:
        """All files there are."""
        return tuple(file for file in (self.certificate, self.key, self.client_ca) if file)


@dataclass(frozen=True, slots=True)
class TraceSettings:
    """Where traces go, and which share of those that the client has not decided about."""

    endpoint: str = ""
    """The URL of an OTLP receiver; empty: nowhere."""

    share: float = 1.0


@dataclass(frozen=True, slots=True)
class OperationSettings:
    """What runs beside serving."""

    access_log: AccessLogSettings = AccessLogSettings()
    auth: AuthSettings = AuthSettings()
    payloads: PayloadSettings = PayloadSettings()
    tls: TlsSettings = TlsSettings()
    traces: TraceSettings = TraceSettings()
    reload: bool = False
    """Whether a new model file is loaded as it comes."""


@dataclass(frozen=True, slots=True)
class LimitSettings:
    """What one request may take at most."""

    body: int = 64 * _MIB
    """Bytes of a body; an eighth of the container's memory where that is less."""

    decompressed: int = 64 * _MIB
    """Bytes of a body once it is decompressed."""

    nesting: int = 100
    """Levels of lists and objects in each other."""

    elements: int = 32 * _MIB
    """Values in all inputs together."""

    head: int = 64 * 1024
    """Bytes of a request's line and headers."""

    head_seconds: float = 30.0
    """For the head to arrive, from the connection or its first byte on."""

    body_seconds: float = 60.0
    """For the body to arrive."""
