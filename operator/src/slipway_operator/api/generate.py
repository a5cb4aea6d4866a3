"""Write the CRD and its reference page from the models, or check that they are up to date.

python -m slipway_operator.api.generate           write both files
python -m slipway_operator.api.generate --check   exit 1 and show a diff where they differ
"""

import argparse
import difflib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import yaml

from slipway_operator.api.crd import CRD_NAME, build_crd
from slipway_operator.api.reference import build_reference

CRD_FILE: Final = Path("crds") / f"{'_'.join(reversed(CRD_NAME.split('.', 1)))}.yaml"
REFERENCE_FILE: Final = Path("docs/reference/modeldeployment.md")
_HEADER: Final = "# Generated from operator/src/slipway_operator/api by `make generate`.\n"


def generated_files() -> dict[Path, str]:
    """Return what each generated file must hold."""
    crd = yaml.safe_dump(build_crd(), sort_keys=False, width=100, allow_unicode=True)
    return {CRD_FILE: _HEADER + crd, REFERENCE_FILE: build_reference()}


def write(root: Path) -> None:
    """Write the files that are out of date."""
    for path, text in generated_files().items():
        if _read(root / path) != text:
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text)
            print(f"wrote {path}")


def differences(root: Path) -> Iterator[str]:
    """Yield a diff from the files to what they must hold."""
    for path, text in generated_files().items():
        present = _read(root / path).splitlines(keepends=True)
        yield from difflib.unified_diff(
            present, text.splitlines(keepends=True), f"{path} (checked in)", f"{path} (generated)"
        )


def main(arguments: list[str] | None = None) -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m slipway_operator.api.generate",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--check", action="store_true", help="write nothing; fail on a difference")
    parser.add_argument("--root", type=Path, default=Path(), help="the repository (default: here)")
    options = parser.parse_args(arguments)
    if not (options.root / "pyproject.toml").is_file():
        parser.error(f"{options.root.resolve()} is not the repository: run it there, or use --root")
    if not options.check:
        write(options.root)
        return 0
    if diff := "".join(differences(options.root)):
        print(diff, end="")
        print("Generated files are out of date: run `make generate`.", file=sys.stderr)
        return 1
    return 0


def _read(path: Path) -> str:
    return path.read_text() if path.is_file() else ""


if __name__ == "__main__":
    sys.exit(main())
