"""The switch from one version to the next, drawn: pure functions from numbers to text.

It knows neither a cluster nor a terminal.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.text import Text

from deploy.demo.users import Second

OLD, NEW, FAILED = "bright_blue", "green", "red"
HEIGHT = 6
EIGHTHS = " ▁▂▃▄▅▆▇█"


@dataclass(frozen=True, slots=True)
class Pod:
    """One pod of the model."""

    version: str
    ready: bool
    leaving: bool

    @property
    def mark(self) -> str:
        """A full dot is ready, an empty one is starting, a dotted one is on its way out."""
        return "◌" if self.leaving else "●" if self.ready else "○"


@dataclass(frozen=True, slots=True)
class Event:
    """What happened in which second of the run."""

    second: int
    words: str


@dataclass(frozen=True, slots=True)
class View:
    """Everything that is known in one moment."""

    old: str
    new: str
    seconds: Sequence[Second]
    events: Sequence[Event]
    pods: Sequence[Pod]
    phase: str


def share(second: Second, version: str) -> float:
    """Which part of the answers of a second this version gave."""
    answered = sum(second.by_version.values())
    return second.by_version.get(version, 0) / answered if answered else 0.0


def chart(view: View, width: int) -> Text:
    """One column a second: from below the new version's share, above it the old one's."""
    shown = view.seconds[-width:]
    text = Text()
    for row in reversed(range(HEIGHT)):
        label = {HEIGHT - 1: "100 %", 0: "  0 %"}.get(row, "")
        text.append(f"{label:>7} ", "dim")
        for second in shown:
            text.append(*_cell(second, view.new, row))
        text.append("\n")
    return text.append_text(_timeline(view.events, len(view.seconds) - len(shown), width))


def _cell(second: Second, new: str, row: int) -> tuple[str, str]:
    if not second.by_version:
        return "·", FAILED
    filled = round((share(second, new) * HEIGHT - row) * 8)
    if second.failed and row == HEIGHT - 1:
        return "!", f"bold white on {FAILED}"
    return EIGHTHS[min(8, max(0, filled))], f"{NEW} on {OLD}"


def _timeline(events: Sequence[Event], hidden: int, width: int) -> Text:
    text = Text()
    for event in events:
        column = max(0, event.second - hidden)
        words = f"{event.second} s  {event.words}"
        if column + 2 + len(words) <= width:
            text.append(f"{' ' * (8 + column)}└ ", "dim").append(f"{words}\n")
        else:
            text.append(f"{words:>{max(0, 7 + column)}}").append(" ┘\n", "dim")
    return text


def legend(view: View) -> Text:
    """Who answers now, by which pods, and what the users met so far."""
    text = Text("        ")
    last = view.seconds[-1] if view.seconds else None
    for version, colour in ((view.old, OLD), (view.new, NEW)):
        marks = " ".join(pod.mark for pod in view.pods if pod.version == version)
        part = f"{share(last, version):>5.0%}" if last else "    -"
        text.append("█ ", colour).append(f"{version} {part}  ", "bold")
        text.append(f"pods {marks or '-'}      ", colour)
    return text.append(view.phase, "dim").append("\n").append_text(_counts(view, last))


def _counts(view: View, last: Second | None) -> Text:
    failed = sum(second.failed for second in view.seconds)
    sent = failed + sum(second.ok for second in view.seconds)
    text = Text(f"        {sent:,} requests, ")
    text.append(f"{failed} failed", f"bold {FAILED if failed else NEW}")
    if last is None or last.p50_ms is None:
        return text
    return text.append(f"      half within {last.p50_ms:.0f} ms, 99 % within {last.p99_ms:.0f} ms")


def line(view: View) -> str:
    """The same for one second, where no picture can be drawn."""
    if not view.seconds:
        return "waiting for the first answer"
    last = view.seconds[-1]
    shares = ", ".join(f"{version} {share(last, version):.0%}" for version in (view.old, view.new))
    failed = sum(second.failed for second in view.seconds)
    events = [event.words for event in view.events if event.second == len(view.seconds)]
    told = f"  <- {'; '.join(events)}" if events else ""
    return f"{len(view.seconds):>4} s  {last.ok} ok  {shares}  failed so far {failed}{told}"
