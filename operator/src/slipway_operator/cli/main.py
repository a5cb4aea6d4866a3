"""The `slipway` command: what a user types, and what is printed for it.

Only arguments and words belong here; each command's work is done in a module of its own.
"""

import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from slipway_operator.cli.lint import lint_text

app = typer.Typer(
    name="slipway",
    help="Work with ModelDeployments from the command line.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
)

_LINT_EXAMPLES = """
[bold]Examples[/bold]

slipway lint modeldeployment.yaml

slipway lint deploy/examples/*/modeldeployment.yaml

kustomize build . | slipway lint -
"""


@app.callback()
def _slipway() -> None:
    """Make every command a subcommand, also while there is only one."""


@app.command("lint", epilog=_LINT_EXAMPLES)
def lint_files(
    files: Annotated[
        list[str], typer.Argument(metavar="FILE", help="YAML files; - reads standard input.")
    ],
) -> None:
    """Check ModelDeployments without a cluster, by the very rules the API server has.

    Exit status: 0 all is well, 1 something would be refused, 2 nothing could be checked.
    """
    reports = {file: lint_text(_read(file)) for file in files}
    for file, report in reports.items():
        for finding in report.findings:
            typer.echo(f"{file}:{finding.line}: {finding.field}: {finding.message}")
    problems = sum(len(report.findings) for report in reports.values())
    checked = sum(report.checked for report in reports.values())
    if problems:
        _stop(_count(problems, "problem"), 1)
    if not checked:
        _stop("there is no ModelDeployment in these files", 2)
    typer.echo(f"{_count(checked, 'ModelDeployment')} checked, nothing found", err=True)


def _read(file: str) -> str:
    try:
        return sys.stdin.read() if file == "-" else Path(file).read_text()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or error
        _stop(f"{file} cannot be read: {reason}", 2)


def _stop(message: str, status: int) -> NoReturn:
    typer.echo(f"slipway: {message}", err=True)
    raise typer.Exit(status)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


if __name__ == "__main__":
    app()
