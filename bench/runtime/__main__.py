"""Slipway's runtime beside its peers: one core serves, another asks, all in the same run.

Installs the peers into environments of their own (the first time only), checks that every server
gives the right answer, and measures them in short turns. Nothing else should run meanwhile: a
busy machine makes every figure smaller, and the ratios less sure.
"""

import argparse
import datetime
import json
import signal
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.markdown import Markdown

from bench.runtime import environments, machine, models, page
from bench.runtime.cases import CASES
from bench.runtime.environments import ROOT, InstallError
from bench.runtime.load import expect_tools
from bench.runtime.measure import FULL, QUICK, Bench, Effort, measure
from bench.runtime.operation import LABELS, observe
from bench.runtime.report import Report
from bench.runtime.servers import SERVERS

_OPERATION = "operation"
_NAMES = (*(case.name for case in CASES), _OPERATION)
_PAGE = ROOT / "docs" / "benchmarks.md"
_COMMAND = "make bench-runtime"

_EXAMPLES = f"""\
examples:
  {_COMMAND}                                   everything, in a quarter of an hour
  .venv/bin/python -m bench.runtime --quick            a first impression
  .venv/bin/python -m bench.runtime --only iris --only grpc-iris --json figures.json
"""


def main() -> None:
    """Measure, print, and write the page."""
    options = _options()
    expect_tools()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("bench-runtime: told to end"))
    effort = QUICK if options.quick else FULL
    with Console(stderr=True).status("preparing") as status:
        report = _measure(tuple(options.only or _NAMES), effort, status.update)
    text = report.markdown()
    console = Console()
    # A file or a pipe gets the Markdown itself.
    console.print(Markdown(text)) if console.is_terminal else print(text)
    if options.json:
        options.json.write_text(json.dumps(asdict(report), indent=2, default=str))
    if options.only or options.quick:
        print(f"{_PAGE.name} is left alone: this was not the whole measurement", file=sys.stderr)
    else:
        _PAGE.write_text(page.put(_PAGE.read_text(), text))


def _measure(names: Sequence[str], effort: Effort, tell: Callable[[str], None]) -> Report:
    cores = machine.choose_cores()
    cases = [case for case in CASES if case.name in names]
    contenders = {contender.server for case in cases for contender in case.contenders}
    wanted = set(LABELS) if _OPERATION in names else contenders | {"bare"}
    pythons = {name: _python(name, tell) for name in SERVERS if name in wanted}
    described = machine.describe(cores)
    machine.stay_on(cores.client)
    with tempfile.TemporaryDirectory(prefix="slipway-bench-") as name:
        bench = Bench(cores, Path(name), effort, pythons, tell)
        found = [
            (case, measure(case, models.make(case.model, bench.folder), bench)) for case in cases
        ]
        operation = None
        if _OPERATION in names:
            operation = observe(models.make("iris", bench.folder), bench)
    return Report(
        machine=described,
        date=datetime.datetime.now(datetime.UTC).date().isoformat(),
        command=_COMMAND,
        versions={name: _versions(name, python) for name, python in pythons.items()},
        effort=effort,
        cases=found,
        operation=operation,
    )


def _python(name: str, tell: Callable[[str], None]) -> Path | InstallError:
    try:
        return environments.python_of(SERVERS[name].environment, tell)
    except InstallError as error:
        return error


def _versions(name: str, python: Path | InstallError) -> str:
    if isinstance(python, InstallError):
        return f"could not be installed: {python}"
    return environments.versions(python, SERVERS[name].packages)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="bench-runtime",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=_EXAMPLES,
    )
    parser.add_argument(
        "--only",
        action="append",
        choices=_NAMES,
        metavar="NAME",
        help=f"measure this alone; may be given several times: {', '.join(_NAMES)}",
    )
    parser.add_argument(
        "--quick", action="store_true", help="one run of one second each; figures are rough"
    )
    parser.add_argument(
        "--json", type=Path, metavar="FILE", help="write every single run into a file as well"
    )
    return parser.parse_args()


if __name__ == "__main__":
    main()
