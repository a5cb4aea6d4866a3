"""The real `slipway-runtime fetch`, a process of its own."""

import hashlib
import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runtime_testing import models
from runtime_testing.serving import PROMPT, command, environment
from slipway_runtime.errors import Reason

MODEL = models.classifier()
DIGEST = hashlib.sha256(MODEL).hexdigest()


@dataclass(frozen=True)
class Outcome:
    """What `slipway-runtime fetch` did."""

    code: int
    reason: str | None
    message: str
    output: str


@dataclass(frozen=True)
class Fetcher:
    """Runs `slipway-runtime fetch` into a folder of its own."""

    folder: Path

    @property
    def model(self) -> Path:
        return self.folder / "dest" / "model.onnx"

    def start(self, uri: str, *options: str, sha256: str = DIGEST, **env: str) -> Any:
        log = str(self.folder / "termination")
        return subprocess.Popen(
            command(
                *("fetch", "--uri", uri, "--sha256", sha256),
                *("--dest", str(self.model.parent), *options),
            ),
            env=environment({**env, "SLIPWAY_TERMINATION_LOG": log}),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def __call__(self, uri: str, *options: str, sha256: str = DIGEST, **env: str) -> Outcome:
        with self.start(uri, *options, sha256=sha256, **env) as process:
            output, _ = process.communicate(timeout=3 * PROMPT)
        log = self.folder / "termination"
        told = json.loads(log.read_text()) if log.exists() else {}
        log.unlink(missing_ok=True)
        return Outcome(process.returncode, told.get("reason"), told.get("message", ""), output)


def refused(outcome: Outcome, reason: Reason, words: str) -> None:
    assert outcome.code == 1, outcome.output
    assert outcome.reason == reason, outcome
    assert words in outcome.message
    assert reason in outcome.output
    assert "Traceback" not in outcome.output
