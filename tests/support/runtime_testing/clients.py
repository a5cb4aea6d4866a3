"""Other people's clients, unmodified, each in a process of its own.

Triton's client comes with the tests' own environment. A client whose libraries do not go together
with ours has an environment that is made once from its pinned and hashed list, and then kept.
"""

import ast
import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from localcluster.builds import cache_folder
from localcluster.locks import alone
from localcluster.progress import step

CLIENTS = Path(__file__).parents[2] / "clients"
SCENARIOS = Path(__file__).parents[1] / "scenarios.py"
UV = Path(sys.executable).with_name("uv")


def python_of(client: str) -> Path:
    """The Python of a client's environment, which is made first if need be."""
    requirements = CLIENTS / client / "requirements.txt"
    made_of = sys.version.encode() + requirements.read_bytes()
    folder = cache_folder() / f"client-{client}-{hashlib.sha256(made_of).hexdigest()[:16]}"
    if not folder.is_dir():
        with alone(folder.with_suffix(".lock")), step(f"installing the client {client}, once"):
            _install(requirements, folder)
    return folder / "bin" / "python"


def _install(requirements: Path, folder: Path) -> None:
    if folder.is_dir():  # another process has just made it
        return
    temporary = Path(tempfile.mkdtemp(prefix=".client-", dir=folder.parent))
    python = temporary / "bin" / "python"
    try:
        _uv("venv", "--clear", "--relocatable", "--python", sys.executable, str(temporary))
        _uv("pip", "install", "--python", str(python), "--require-hashes", "-r", str(requirements))
        temporary.rename(folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _uv(*arguments: str) -> None:
    done = subprocess.run([UV, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def talk(python: Path, program: Path, *arguments: str) -> str:
    """Run a client's program to its end; return what it says."""
    done = subprocess.run(
        [python, program, *arguments], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def scenarios(program: Path) -> list[str]:
    """What a client's program shows: its public functions, read without running it."""
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    nodes = ast.parse(program.read_text()).body
    names = [node.name for node in nodes if isinstance(node, functions)]
    return [name for name in names if not name.startswith("_")]


def outcomes(python: Path, program: Path, servers: dict[str, str]) -> dict[str, str]:
    """Run all scenarios of a program; say of each what went wrong, or nothing."""
    said = talk(python, SCENARIOS, str(program), json.dumps(servers))
    return dict(json.loads(line) for line in said.splitlines() if line.startswith("["))
