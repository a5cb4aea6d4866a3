"""The demo on a real cluster: interrupted, then run to its end from what that left behind."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from slipway_testing.cluster import ROOT, Cluster

pytestmark = [pytest.mark.cluster, pytest.mark.xdist_group("operator"), pytest.mark.timeout(300)]
NAMESPACE = "slipway-demo"


def test_ctrl_c_in_the_middle_leaves_the_model_served_and_no_users(cluster: Cluster) -> None:
    with demo(cluster) as process:
        read_until(process, "1.1.0 is ready")
        process.send_signal(signal.SIGINT)
        rest = process.stdout.read() if process.stdout else ""

    assert process.returncode == 130
    assert "Stopped. No users are left" in rest
    assert "How to go on" in rest
    assert cluster.get("Pod", NAMESPACE, "users") is None
    answer = cluster.ask_service(NAMESPACE, "iris:http", "predict", method="POST", content=flower())
    assert answer.json().get("label") == "setosa", answer.text


def test_it_starts_over_and_ends_without_a_failed_request(cluster: Cluster) -> None:
    with demo(cluster) as process:
        told = process.stdout.read() if process.stdout else ""

    assert process.returncode == 0, told
    assert "What an earlier run left is cleared away" in told
    assert "It is an Iris setosa, 97% sure, says version 1.0.0" in told
    assert re.search(r"\d+ s +\d+ ok +1\.0\.0 0%, 1\.1\.0 100% +failed so far 0", told)
    assert re.search(r"✓ 0 failed requests of [\d,]{5,}", told)


@contextmanager
def demo(cluster: Cluster) -> Iterator["subprocess.Popen[str]"]:
    """`python -m deploy.demo`, as one would start it where there is no terminal."""
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", "deploy.demo"],
        cwd=ROOT,
        env={**os.environ, "KUBECONFIG": str(cluster.kubeconfig)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        # A shell that runs the tests in the background has them ignore Ctrl-C, children included.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    try:
        yield process
        process.wait(timeout=60)
    finally:
        process.kill()


def read_until(process: "subprocess.Popen[str]", words: str) -> None:
    told = []
    for line in process.stdout or ():
        told.append(line)
        if words in line:
            return
    pytest.fail("it ended early:\n" + "".join(told))


def flower() -> bytes:
    return (ROOT / "deploy" / "examples" / "iris" / "request.json").read_bytes()
