"""What the scheduler can be told. Values only."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SchedulingSettings:
    """How much may wait, for how long, and what is joined or remembered."""

    batch_rows: int = 1
    """Most rows of different requests in one run; 1: every request runs alone."""
    batch_delay: float = 0.0
    """Seconds that a row may wait for others; 0: only what waits anyway is joined."""
    queue: int = 256
    """Requests that may wait; more would only wait to time out."""
    timeout: float = 30.0
    """Seconds from a request's arrival to its answer; a client may ask for fewer."""
    cache_bytes: int = 0
    """Room for remembered answers; 0: none is remembered."""
