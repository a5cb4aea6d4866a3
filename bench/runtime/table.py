"""What was measured, in Markdown. Pure: the same figures always give the same page."""

from collections.abc import Sequence
from itertools import chain

from bench.runtime.arithmetic import Comparison, Row, Target, compare
from bench.runtime.cases import Case
from bench.runtime.operation import Cost, LongRun, Operation

_READY_SECONDS, _MEMORY, _IDLE_PERCENT, _DRIFT_PERCENT = 1.0, 90, 1.0, 5.0
_NOTHING = "-"


def case_table(case: Case, rows: Sequence[Row]) -> str:
    """Write one case: every contender, how many times its rate Slipway has, and the target."""
    targets = {contender.label: contender.target for contender in case.contenders}
    slipway = rows[0]
    lines = [
        [_label(row), *_figures(row), *_against(slipway, row, targets.get(row.label))]
        for row in rows
    ]
    head = ["", "requests/s", "p50 ms", "p99 ms", "CPU µs/request", "Slipway has", "target", ""]
    return f"### {case.title}, {case.connections} connections\n\n{_table(head, lines)}"


def operation_table(operation: Operation) -> str:
    """Write what each server costs to start and to keep, and what Slipway has to reach."""
    head = ["", "start to ready", "memory after warm-up", "processor time when idle"]
    lines = list(map(_cost, operation.costs))
    parts = ["### Start, memory, idleness (iris)", _table(head, lines)]
    parts.append("\n".join([*_verdicts(operation.costs[0]), _long_run(operation.long_run)]))
    return "\n\n".join(parts)


def _label(row: Row) -> str:
    return f"{row.label}: {_one_line(row.failure)}" if row.failure else row.label


def _one_line(text: str) -> str:
    return " ".join(text.replace("|", "/").split())[:160]


def _figures(row: Row) -> list[str]:
    if row.failure or not row.runs:
        return [_NOTHING] * 4
    return [f"{row.rate:,.0f}", _number(row.p50), _number(row.p99), _number(row.cost, 0)]


def _number(value: float | None, digits: int = 2) -> str:
    return _NOTHING if value is None else f"{value:.{digits}f}"


def _against(slipway: Row, row: Row, target: Target | None) -> list[str]:
    if row is slipway:
        return ["", "", ""]
    comparison = compare(slipway, row)
    ratio = _times(comparison) if comparison else _NOTHING
    if target is None:
        return [ratio, "", ""]
    met = comparison is not None and comparison.meets(target)
    return [ratio, _wanted(target), "met" if met else "**not met**"]


def _times(comparison: Comparison) -> str:
    p99 = f", p99 {comparison.p99:.2f}x" if comparison.p99 is not None else ""
    return f"{comparison.rate:.2f}x{p99}"


def _wanted(target: Target) -> str:
    p99 = f", p99 at most {target.p99:g}x" if target.p99 is not None else ""
    return f"at least {target.rate:g}x{p99}"


def _cost(cost: Cost) -> list[str]:
    if cost.failure:
        return [f"{cost.label}: {_one_line(cost.failure)}", *[_NOTHING] * 3]
    return [
        cost.label,
        f"{cost.seconds_to_ready:.2f} s",
        f"{cost.memory:.0f} MiB",
        f"{cost.idle_percent:.1f} %",
    ]


def _verdicts(slipway: Cost) -> list[str]:
    if slipway.failure:
        return []
    return [
        _verdict("ready in under 1 s", slipway.seconds_to_ready < _READY_SECONDS),
        _verdict(f"memory under {_MEMORY} MB", slipway.memory * 2**20 < _MEMORY * 10**6),
        _verdict("idle under 1 % of a core", slipway.idle_percent < _IDLE_PERCENT),
    ]


def _long_run(run: LongRun | str) -> str:
    if isinstance(run, str):
        return f"- Slipway's long run failed: {_one_line(run)}"
    total, refused = run.requests.total, run.requests.refused
    told = (
        f"- Over {total:,} requests, {refused:,} of them bad and refused, Slipway's memory went "
        f"from {run.before:.1f} to {run.after:.1f} MiB ({run.drift:+.1f} %)"
    )
    return f"{told}\n{_verdict('flat within 5 %', abs(run.drift) <= _DRIFT_PERCENT)}"


def _verdict(target: str, met: bool) -> str:
    return f"- target: {target}: {'met' if met else '**not met**'}"


def _table(head: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    rule = ["---", *["---:"] * (len(head) - 1)]
    rows = chain([head, rule], lines)
    return "\n".join("| " + " | ".join(cells) + " |" for cells in rows)
