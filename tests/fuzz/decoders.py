"""Fuzz one decoder with atheris until the time is up: `python decoders.py TARGET SECONDS`.

What it finds is left in the folder `findings`, and the process ends with another code than 0.
"""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import atheris

with atheris.instrument_imports(include=["slipway_runtime"]):
    from runtime_testing.fuzzing import TARGETS, seeds

FINDINGS = Path(__file__).with_name("findings")
LARGEST = 4096
"""Bytes of an input: what is wrong with long ones is nearly always wrong with short ones."""


def main() -> None:
    target, seconds = sys.argv[1:]
    FINDINGS.mkdir(exist_ok=True)
    with TemporaryDirectory() as corpus:
        for number, seed in enumerate(seeds(target)):
            Path(corpus, str(number)).write_bytes(seed)
        options = [
            f"-max_total_time={seconds}",
            f"-max_len={LARGEST}",
            "-timeout=10",
            "-rss_limit_mb=2048",
            "-verbosity=0",
            "-print_final_stats=1",
            f"-artifact_prefix={FINDINGS}/{target}-",
            corpus,
        ]
        atheris.Setup([sys.argv[0], *options], TARGETS[target])
        atheris.Fuzz()


if __name__ == "__main__":
    main()
