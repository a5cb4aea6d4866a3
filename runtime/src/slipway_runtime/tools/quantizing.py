"""Make a model's int8 sibling, and tell what it saves and what it changes in the answers.

A difference on made-up rows is a hint; one on a user's own rows is a fact. Says which it was.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from slipway_runtime.engine import onnx, quantization
from slipway_runtime.errors import ModelError, Reason, RefusedError
from slipway_runtime.model import Model
from slipway_runtime.onnx_file.contents import inspect
from slipway_runtime.signature import Tensor, TensorSpec
from slipway_runtime.tools import timing, trial
from slipway_runtime.tools.trial import Feed

_KINDS: Final = frozenset(
    {"Attention", "Conv", "EmbedLayerNormalization", "Gather", "Gemm", "LSTM", "MatMul"}
)
_MADE_UP: Final = 64
_SECONDS: Final = 0.5
_PARTIAL: Final = ".partial"


@dataclass(frozen=True, slots=True)
class Difference:
    """How one output of the int8 model differs from the original's."""

    name: str
    largest: float | None
    """Of two numbers; None where the output is no number."""
    relative: float | None
    """The same, as a share of the largest number."""
    agreeing: int
    """Rows with the same label, or with the highest number in the same place."""
    rows: int


@dataclass(frozen=True, slots=True)
class Report:
    """What came of it."""

    before: int
    after: int
    rewritten: dict[str, int]
    seconds: tuple[float, float]
    differences: tuple[Difference, ...]
    rows: int
    made_up: bool


def quantize(model: Model, source: Path, target: Path, sample: bytes | None) -> Report:
    """Write the int8 model, whole or not at all."""
    _expect_something_to_do(source)
    feed = _feed(model, sample)
    partial = target.with_name(target.name + _PARTIAL)
    try:
        quantization.quantize(source, partial)
        report = _compare(model, source, partial, feed, made_up=sample is None)
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)
    return report


def _expect_something_to_do(source: Path) -> None:
    if not _KINDS & {kind for _, kind in inspect(source).operators.used}:
        raise ModelError(
            Reason.LOAD_FAILED,
            f"nothing in this model can be quantized: it has no {', '.join(sorted(_KINDS))}",
        )


def _feed(model: Model, sample: bytes | None) -> Feed:
    if sample is None:
        return trial.varied(model, trial.guess(model), _MADE_UP)
    protocol = b'"inputs"' in sample and b'"datatype"' in sample
    try:
        read = model.read if protocol else model.read_simple
        return read(sample)[0].feed
    except RefusedError as error:
        raise ModelError(
            Reason.LOAD_FAILED, f"the sample is no request for this model: {error.message}"
        ) from None


def _rewritten(source: Path, target: Path) -> dict[str, int]:
    before, after = (inspect(path).operators.used for path in (source, target))
    gone = before - after
    return {kind: n for (_, kind), n in gone.items() if kind != "Identity"}


def _compare(model: Model, source: Path, target: Path, feed: Feed, *, made_up: bool) -> Report:
    names = [spec.name for spec in model.signature.outputs]
    engine = onnx.load(target)
    expected, found = trial.run(model, feed), engine.run(feed, names)
    return Report(
        before=source.stat().st_size,
        after=target.stat().st_size,
        rewritten=_rewritten(source, target),
        seconds=(
            timing.repeat(lambda: trial.run(model, feed), _SECONDS).median,
            timing.repeat(lambda: engine.run(feed, names), _SECONDS).median,
        ),
        differences=tuple(map(difference, model.signature.outputs, expected, found)),
        rows=len(next(iter(feed.values()))) if trial.takes_rows(model) else 1,
        made_up=made_up,
    )


def difference(spec: TensorSpec, expected: Tensor, found: Tensor) -> Difference:
    """Hold one output against the original's."""
    agree = _choices(expected) == _choices(found)
    if expected.dtype.kind != "f":
        return Difference(spec.name, None, None, int(agree.sum()), agree.size)
    gaps = np.abs(expected.astype(np.float64) - found)
    largest = float(np.nanmax(gaps, initial=0.0))
    scale = float(np.nanmax(np.abs(expected), initial=0.0))
    return Difference(
        spec.name, largest, largest / scale if scale else 0.0, int(agree.sum()), agree.size
    )


def _choices(tensor: Tensor) -> Tensor:
    """Tell for each row what it decides: where its highest number is, or the label itself."""
    if tensor.dtype.kind == "f" and tensor.ndim > 1 and tensor.shape[-1] > 1:
        chosen: Tensor = tensor.argmax(axis=-1)
        return chosen
    return tensor.round(3) if tensor.dtype.kind == "f" else tensor


def as_text(report: Report, source: Path, target: Path) -> str:
    """Write it for a person."""
    return "\n".join(_lines(report, source, target))


def _lines(report: Report, source: Path, target: Path) -> Iterator[str]:
    before, after = (1000 * seconds for seconds in report.seconds)
    kinds = ", ".join(f"{kind} ({n})" for kind, n in report.rewritten.items())
    yield f"{source} -> {target}"
    share = 100 * report.after / report.before
    yield f"  size       {report.before:,} -> {report.after:,} bytes ({share:.0f} %)"
    yield f"  rewritten  {kinds}"
    yield (
        f"  one run    {before:.3g} -> {after:.3g} ms "
        f"({_count(report.rows, 'row')}, one thread, this machine)"
    )
    for found in report.differences:
        yield f"  output     {_words(found)}"
    if report.made_up:
        yield (
            f"  compared   on {_count(report.rows, 'row')} of random numbers, which proves little; "
            "give real ones with --sample"
        )


def _words(found: Difference) -> str:
    share = f"{found.agreeing} of {_count(found.rows, 'row')}"
    if found.largest is None or found.relative is None:
        return f"{found.name}: the same in {share}"
    percent = f"{100 * found.relative:.2g} % of its largest value"
    return (
        f"{found.name}: differs by at most {found.largest:.3g}, {percent}; "
        f"decides the same in {share}"
    )


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")
