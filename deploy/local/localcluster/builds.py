"""The cache of built programs: one folder a build, named by its version key, complete or absent.

Must not know what the programs are for.
"""

import os
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from localcluster import golang, pins
from localcluster.commands import Failure, run
from localcluster.progress import Tally, say

# Two at a time: one links, which uses one core, while the other compiles.
WORKERS = 2


def cache_folder(env: Mapping[str, str] = os.environ) -> Path:
    """Where this user keeps what is expensive to make."""
    if folder := env.get("SLIPWAY_CACHE"):
        return Path(folder)
    return Path(env.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "slipway"


def folder(name: str) -> Path:
    """The folder of a build in the cache, present or not."""
    return cache_folder() / pins.version_key(name)


def program(name: str, command: str = "") -> Path:
    """A built program's path; by default the one that has its build's name."""
    return folder(name) / (command or name)


def kubectl(kubeconfig: Path | str) -> list[str]:
    """The words that begin a command to the cluster of a kubeconfig."""
    return [str(program("kubectl")), f"--kubeconfig={kubeconfig}"]


def missing(names: Iterable[str]) -> list[str]:
    """Which of these the cache lacks."""
    return [name for name in names if not folder(name).is_dir()]


def ensure(names: Iterable[str]) -> None:
    """Build whatever of these the cache lacks, with progress."""
    absent = missing(names)
    if not absent:
        return
    if problem := golang.problem(golang.version()):
        raise Failure(problem)
    cache_folder().mkdir(parents=True, exist_ok=True)
    say(f"Building {len(absent)} program sets from source (kept in {cache_folder()})")
    tally = Tally(len(absent))
    with ThreadPoolExecutor(WORKERS) as pool:
        for done in [pool.submit(_build, name, tally) for name in absent]:
            done.result()


def _build(name: str, tally: Tally) -> None:
    with tally.step(f"{name} {pins.version(name)}"):
        temporary = Path(tempfile.mkdtemp(prefix=f".{name}-", dir=cache_folder()))
        try:
            _compile(name, temporary)
            _copy_asset(name, temporary)
            _publish(temporary, folder(name))
        finally:
            shutil.rmtree(temporary, ignore_errors=True)


def _compile(name: str, into: Path) -> None:
    build = pins.BUILDS[name]
    env = {"CGO_ENABLED": str(int(build.cgo)), "GOFLAGS": "-mod=readonly -buildvcs=false"}
    flags = ["-trimpath", "-tags", build.tags, "-ldflags", pins.linker_flags(name)]
    target = into / name if len(build.packages) == 1 else f"{into}/"
    try:
        run(["go", "build", *flags, "-o", target, *build.packages], cwd=build.source, env=env)
    except Failure as failure:
        raise Failure(f"could not build {name} {pins.version(name)}: {failure}") from None


def _copy_asset(name: str, into: Path) -> None:
    build = pins.BUILDS[name]
    if build.asset:
        listed = ["go", "list", "-m", "-f", "{{.Dir}}", build.module]
        source = Path(run(listed, cwd=build.source).strip()) / build.asset
        shutil.copytree(source, into / source.name, copy_function=shutil.copyfile)


def _publish(temporary: Path, final: Path) -> None:
    temporary.chmod(0o755)
    try:
        temporary.rename(final)
    except OSError:
        if not final.is_dir():  # another checkout may have finished the same build first
            raise
