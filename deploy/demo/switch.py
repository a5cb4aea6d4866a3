"""The chapter with the live picture: one version takes over from another while users are served."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from rich.console import Group

from deploy.demo import picture
from deploy.demo.picture import Event, Pod, View
from deploy.demo.users import Second

QUIET_SECONDS, LAST_SECONDS = 6, 3
MARGIN = 12


@dataclass
class Switch:
    """How far the switch has come; each step follows from what is seen, never from the clock."""

    old: str
    new: str
    apply_new: Callable[[], None]
    events: list[Event] = field(default_factory=list)
    _last_second: int | None = None

    def step(self, seconds: Sequence[Second], new_is_ready: bool, pods: Sequence[Pod]) -> None:
        """Do or note what comes next, once it is time."""
        now = len(seconds)
        match len(self.events):
            case 0 if now >= QUIET_SECONDS:
                self.apply_new()
                self._note(now, f"kubectl apply: version {self.new}")
            case 1 if new_is_ready:
                self._note(now, f"{self.new} is ready: new connections go there")
            case 2 if all(pod.version == self.new for pod in pods):
                self._note(now, f"the last pod of {self.old} is gone")
                self._last_second = now + LAST_SECONDS

    def is_over(self, seconds: Sequence[Second]) -> bool:
        """Whether the new version has been alone for a while."""
        return self._last_second is not None and len(seconds) >= self._last_second

    def view(self, seconds: Sequence[Second], pods: Sequence[Pod], phase: str) -> View:
        """Everything there is to show now."""
        return View(self.old, self.new, tuple(seconds), tuple(self.events), pods, phase)

    def _note(self, second: int, words: str) -> None:
        self.events.append(Event(second, words))


def draw(view: View, width: int) -> Group:
    """The picture, as wide as the screen allows."""
    return Group(picture.chart(view, width - MARGIN), picture.legend(view))
