"""Write what protoc makes of our definition, or check that it is up to date.

python -m slipway_runtime.messages.generate           write both files
python -m slipway_runtime.messages.generate --check   exit 1 and say which file differs

Needs grpcio-tools, which is no part of the runtime. Imports nothing that it writes.
"""

import sys
import tempfile
from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).parent
DEFINITION: Final = FOLDER / "open_inference.proto"
_DEFAULT_POOL: Final = "from google.protobuf import descriptor_pool as _descriptor_pool\n"
_OWN_POOL: Final = "from slipway_runtime.messages.pool import POOL\n"


def generated_files() -> dict[Path, str]:
    """Return what each generated file must hold."""
    from grpc_tools import protoc

    with tempfile.TemporaryDirectory() as made:
        options = [f"-I{FOLDER}", f"--python_out={made}", f"--pyi_out={made}", str(DEFINITION)]
        if protoc.main(["protoc", *options]) != 0:
            raise SystemExit(f"protoc refuses {DEFINITION}")
        texts = {path.name: path.read_text() for path in Path(made).iterdir()}
    return {FOLDER / name: _in_own_pool(text) for name, text in texts.items()}


def _in_own_pool(text: str) -> str:
    return text.replace(_DEFAULT_POOL, _OWN_POOL).replace("_descriptor_pool.Default()", "POOL")


def main(arguments: list[str]) -> int:
    """Run from the command line."""
    if arguments not in ([], ["--check"]):
        print(__doc__, file=sys.stderr)
        return 2
    outdated = {path: text for path, text in generated_files().items() if _read(path) != text}
    if arguments and outdated:
        print(f"{', '.join(map(str, outdated))}: run `make generate`.", file=sys.stderr)
        return 1
    for path, text in outdated.items():
        path.write_text(text)
        print(f"wrote {path}")
    return 0


def _read(path: Path) -> str:
    return path.read_text() if path.is_file() else ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
