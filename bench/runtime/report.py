"""Everything that was found, and the page that tells it. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bench.runtime import table
from bench.runtime.arithmetic import Row
from bench.runtime.cases import Case
from bench.runtime.measure import Effort
from bench.runtime.operation import LABELS, Operation


@dataclass(frozen=True, slots=True)
class Report:
    """One whole measurement."""

    machine: str
    date: str
    command: str
    versions: Mapping[str, str]
    effort: Effort
    cases: Sequence[tuple[Case, Sequence[Row]]]
    operation: Operation | None

    def markdown(self) -> str:
        """Write it all."""
        parts = [self._head(), *(table.case_table(case, rows) for case, rows in self.cases)]
        if self.operation is not None:
            parts.append(table.operation_table(self.operation))
        return "\n\n".join([*parts, self._versions()]) + "\n"

    def _head(self) -> str:
        return (
            f"Measured on {self.date} by `{self.command}`: {self.machine}. "
            f"Each figure is the median of {self.effort.rounds} runs of "
            f"{self.effort.seconds:g} s, taken in turns."
        )

    def _versions(self) -> str:
        return "\n".join(
            ["### Versions", ""]
            + [f"- {LABELS[name]}: {versions}" for name, versions in self.versions.items()]
        )
