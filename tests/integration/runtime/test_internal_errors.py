"""A bug on every path: clients hear that there is one, and nothing else."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from runtime_testing import models
from runtime_testing.broken import SECRET
from runtime_testing.serving import PROMPT, ROOT, Server, infer, serving, until

REQUEST = infer(A=("FP32", [1, 4], [1, 2, 3, 4]), B=("FP32", [1, 4], [0, 0, 0, 0]))
LARGE = {**REQUEST, "id": "x" * 100_000}
ROW = {"A": [1, 2, 3, 4], "B": [0, 0, 0, 0]}
PATHS = {
    "GET": [
        "/",
        "/metrics",
        "/v2/health/ready",
        "/v2/models/broken",
        "/v2/models/broken/ready",
        "/v2/models/broken/config",
        "/v2/models/broken/stats",
        "/v2/models/broken/versions/1",
    ],
    "POST": [
        "/predict",
        "/predict/batch",
        "/v2/models/broken/infer",
        "/v2/repository/index",
        "/v2/repository/models/broken/load",
        "/v2/repository/models/broken/unload",
    ],
}


@pytest.fixture(scope="module")
def broken(save: Callable[[str, bytes], Path]) -> Iterator[Server]:
    def program(*arguments: str) -> list[str]:
        return [sys.executable, "-m", "runtime_testing.broken", *arguments]

    path = [ROOT / "runtime" / "src", ROOT / "tests" / "support"]
    env = {"PYTHONPATH": ":".join(map(str, path))}
    options = ("--warmup-requests", "0", "--model-control")
    model = save("broken", models.adder())
    with serving(model, *options, env=env, wait=False, program=program) as server:
        until(lambda: "ready: model broken" in server.log.read_text(), "ready", server)
        yield server


@pytest.mark.parametrize(
    ("method", "path"), [(method, path) for method, paths in PATHS.items() for path in paths]
)
def test_a_client_hears_that_there_is_a_bug_and_nothing_of_it(
    broken: Server, method: str, path: str
) -> None:
    bodies = ({},) if method == "GET" else (REQUEST, LARGE, ROW, [ROW])
    if "repository" in path:
        bodies = ({},)
    with httpx.Client(base_url=broken.url, timeout=PROMPT) as client:
        for body in bodies:
            before = broken.log.read_text().count(SECRET)
            answer = client.request(method, path, json=body)

            assert answer.status_code == 500
            assert answer.headers["content-type"] == "application/json"
            assert answer.json() == {"error": "internal error; the server's log says more"}
            until(lambda: broken.log.read_text().count(SECRET) > before, "logged", broken)  # noqa: B023
        assert client.get("/v2/health/live").json() == {"live": True}
