"""Fuzz running servers with what their own OpenAPI documents allow, and nearly allow.

`python server.py SECONDS`. Every answer must be one that the document describes, no answer may be
a server's error, and the log may hold no stack trace.
"""

import json
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from runtime_testing import models
from runtime_testing.serving import Server, serving

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "unsupported_method",
)
RULES = json.dumps([{"name": "X", "range": [0, 10], "features": ["a", "b", "c", "d"]}])
SERVED: dict[str, tuple[bytes, tuple[str, ...]]] = {
    "classifier": (models.classifier(), ("--inputs", RULES)),
    "columns": (models.columns(), ()),
    "adder": (models.adder(), ()),
}


def main() -> None:
    each = max(5, int(sys.argv[1]) // len(SERVED))
    failed = [name for name in SERVED if not _holds(name, each)]
    if failed:
        sys.exit(f"the servers of these models did not hold: {', '.join(failed)}")


def _holds(name: str, seconds: int) -> bool:
    model, options = SERVED[name]
    with TemporaryDirectory() as folder:
        path = Path(folder, f"{name}.onnx")
        path.write_bytes(model)
        with serving(path, *options) as server:
            return _fuzz(server, seconds, Path(folder)) and _is_sound(server)


def _fuzz(server: Server, seconds: int, folder: Path) -> bool:
    program = Path(sys.executable).with_name("schemathesis")
    done = subprocess.run(
        [
            program,
            "run",
            f"{server.url}/openapi.json",
            f"--max-time={seconds}",
            f"--checks={','.join(CHECKS)}",
            "--suppress-health-check=all",
            "--no-color",
        ],
        cwd=folder,  # where it leaves notes
        check=False,
    )
    return done.returncode == 0


def _is_sound(server: Server) -> bool:
    log = server.log.read_text()
    if "Traceback" in log:
        print(log, file=sys.stderr)
    return "Traceback" not in log and server.get("/v2/health/ready").status_code == 200


if __name__ == "__main__":
    main()
