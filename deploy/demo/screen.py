"""What the demo shows: chapters, commands as one would type them, and a picture that moves.

On a terminal a picture is redrawn in place; anywhere else its line of text is printed whenever it
changes. Nothing here decides anything.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich.console import Console, RenderableType
from rich.live import Live
from rich.text import Text

Update = Callable[[RenderableType, str], None]


@dataclass
class Screen:
    """A console, and the number of the chapter."""

    console: Console = field(default_factory=lambda: Console(highlight=False))
    _chapter: int = 0

    @property
    def width(self) -> int:
        """How many columns there are."""
        return self.console.width

    def chapter(self, title: str) -> None:
        """Begin the next part."""
        self._chapter += 1
        self.console.print(f"\n[bold]{self._chapter}  {title}[/bold]")

    def say(self, words: str) -> None:
        """A line of plain words."""
        self.console.print(Text(f"   {words}"), soft_wrap=True)

    def command(self, words: str) -> None:
        """A command, as a person would type it."""
        self.console.print(Text(f"   $ {words}", "dim"), soft_wrap=True)

    def output(self, words: str) -> None:
        """What a command printed."""
        for row in words.rstrip().splitlines():
            self.say(f"  {row}")

    def good(self, words: str) -> None:
        """Something is done."""
        self.console.print(Text("   ✓ ", "bold green").append(words, "bold"), soft_wrap=True)

    def bad(self, words: str) -> None:
        """Something went wrong."""
        self.console.print(Text("   ✗ ", "bold red").append(words, "bold"), soft_wrap=True)

    @contextmanager
    def working(self, words: str) -> Iterator[None]:
        """Something that takes a while: say so, and then how long it took."""
        began = time.monotonic()
        if self.console.is_terminal:
            with self.console.status(f"   {words}"):
                yield
        else:
            self.say(f"{words} ...")
            yield
        self.good(f"{words}  {time.monotonic() - began:.1f} s")

    @contextmanager
    def live(self) -> Iterator[Update]:
        """Something to watch; the last picture stays."""
        if self.console.is_terminal:
            with Live(console=self.console, refresh_per_second=8) as live:
                yield lambda picture, _: live.update(picture)
        else:
            yield self._print_changes()

    def _print_changes(self) -> Update:
        before = ""

        def update(_: RenderableType, line: str) -> None:
            nonlocal before
            if line != before:
                self.say(line)
            before = line

        return update
