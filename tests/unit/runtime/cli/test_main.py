import json
import subprocess
import sys
from pathlib import Path

import pytest

from runtime_testing.serving import command, environment
from slipway_runtime.cli import main as cli


def run(*arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(*arguments), env=environment(env), capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("verb", ["serve", "inspect", "bench", "quantize", "fetch"])
def test_the_help_teaches_by_examples(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.main([verb, "--help"])

    assert caught.value.code == 0
    assert f"slipway-runtime {verb}" in capsys.readouterr().out.split("examples:")[1]


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["fly"],
        ["serve"],
        ["serve", "m.onnx", "--warmup-requests", "-1"],
        ["serve", "m.onnx", "--warmup-requests", "many"],
        ["serve", "m.onnx", "--drain-seconds", "-1"],
        ["serve", "m.onnx", "--drain-seconds", "nan"],
        ["serve", "m.onnx", "--provider", "tpu"],
        ["serve", "m.onnx", "--provider-options", "gpu_mem_limit"],
        ["serve", "m.onnx", "--allow-torchscript", "perhaps"],
        ["bench", "m.onnx", "--seconds", "0"],
        ["inspect", "m.onnx", "--json", "--request", "infer"],
        ["quantize", "m.onnx"],
        ["fetch", "--uri", "https://a/b"],
        ["fetch", "--uri", "https://a/b", "--dest", "d", "--sha256", "abc"],
        ["fetch", "--uri", "https://a/b", "--dest", "d", "--size-limit", "4 GB"],
        ["fetch", "--uri", "https://a/b", "--dest", "d", "--format", "pickle"],
    ],
)
def test_a_wrong_command_is_refused_with_its_usage(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.main(arguments)

    assert caught.value.code == 2
    assert "usage: slipway-runtime" in capsys.readouterr().err


def test_a_wrong_environment_is_refused_as_a_wrong_option_is(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SLIPWAY_PROVIDERS", "tpu")

    with pytest.raises(SystemExit):
        cli.main(["serve", "m.onnx"])
    assert "'tpu' is none of cpu, cuda, tensorrt" in capsys.readouterr().err


def test_a_file_name_that_is_no_model_name_needs_another(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="use --name"):
        cli.main(["serve", str(tmp_path / "my model.onnx")])


def test_a_failure_ends_with_its_reason_on_the_terminal_and_in_the_log(tmp_path: Path) -> None:
    log = tmp_path / "termination"

    done = run("serve", "nothing.onnx", "--port", "0", SLIPWAY_TERMINATION_LOG=str(log))

    assert done.returncode == 1
    assert "slipway-runtime: LoadFailed: there is no file nothing.onnx" in done.stderr
    assert "Traceback" not in done.stderr
    assert json.loads(log.read_text())["reason"] == "LoadFailed"


def test_fetching_imports_no_server_and_no_engine() -> None:
    program = (
        "import sys, slipway_runtime.cli.main, slipway_runtime.fetch.job, slipway_runtime.fetch.s3;"
        "heavy = {'numpy', 'onnxruntime', 'fastapi', 'uvicorn', 'pydantic', 'prometheus_client'};"
        "print(heavy & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=environment(),
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout == "set()\n"


def test_the_server_listens_before_the_models_libraries_are_imported() -> None:
    program = (
        "import sys, slipway_runtime.server.serve;"
        "print({'numpy', 'onnxruntime', 'fastapi', 'pydantic'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=environment(),
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout == "set()\n"
