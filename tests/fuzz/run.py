"""Everything that is fuzzed, one after the other, in a bounded time: `python run.py SECONDS`.

Half of the time goes to the decoders, half to the running server. Ends with 1 where anything was
found, and says how to see it again.
"""

import subprocess
import sys
from pathlib import Path

from runtime_testing.fuzzing import TARGETS

HERE = Path(__file__).parent


def main() -> None:
    seconds = int(sys.argv[1])
    each = max(1, seconds // 2 // len(TARGETS))
    failed = [target for target in TARGETS if not _decoder(target, each)]
    if not _server(seconds // 2):
        failed.append("server")
    if failed:
        sys.exit(f"fuzzing found something in: {', '.join(failed)}; see tests/fuzz/findings")
    print("fuzzing found nothing")


def _decoder(target: str, seconds: int) -> bool:
    print(f"fuzzing {target} for {seconds} s", flush=True)
    return _runs("decoders.py", target, str(seconds))


def _server(seconds: int) -> bool:
    print(f"fuzzing the server for {seconds} s", flush=True)
    return _runs("server.py", str(seconds))


def _runs(script: str, *arguments: str) -> bool:
    return subprocess.run([sys.executable, HERE / script, *arguments], check=False).returncode == 0


if __name__ == "__main__":
    main()
