"""What a user sees of the `slipway` command."""

from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from slipway_operator.api.reference import EXAMPLE
from slipway_operator.cli.main import app

ROOT = Path(__file__).parents[4]
EXAMPLES = sorted((ROOT / "deploy" / "examples").glob("*/*.yaml"))


def slipway(*arguments: str | Path, stdin: str = "") -> tuple[int, str, str]:
    done = CliRunner().invoke(app, [str(argument) for argument in arguments], input=stdin)
    return done.exit_code, done.stdout, done.stderr


def test_a_good_file_passes(tmp_path: Path) -> None:
    good = tmp_path / "good.yaml"
    good.write_text(EXAMPLE)
    assert slipway("lint", good, good) == (0, "", "1 ModelDeployment checked, nothing found\n")


def test_standard_input_is_read() -> None:
    assert slipway("lint", "-", stdin=EXAMPLE)[0] == 0


def test_a_bad_file_fails_and_each_finding_names_its_place(tmp_path: Path) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text(EXAMPLE.replace("https:", "file:").replace("replicas: 2", "replicas: -2"))
    status, out, err = slipway("lint", bad)
    assert status == 1
    assert f"{bad}:7: spec.model.uri: must begin with https://" in out
    assert f"{bad}:14: spec.replicas: -2 is less than the minimum of 0" in out
    assert err == "slipway: 2 problems\n"


def test_a_file_without_modeldeployments_is_no_success() -> None:
    status, _, err = slipway("lint", "-", stdin="kind: Service\napiVersion: v1\n")
    assert status == 2
    assert err == "slipway: there is no ModelDeployment in these files\n"


@pytest.mark.parametrize("name", ["missing.yaml", "."])
def test_a_file_that_cannot_be_read_is_named(name: str, tmp_path: Path) -> None:
    status, _, err = slipway("lint", tmp_path / name)
    assert status == 2
    assert f"{tmp_path / name} cannot be read: " in err


def test_a_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    (tmp_path / "model.onnx").write_bytes(b"\xff\xfe\x00")
    status, _, err = slipway("lint", tmp_path / "model.onnx")
    assert (status, "cannot be read" in err) == (2, True)


def test_help_shows_examples() -> None:
    status, out, _ = slipway("lint", "--help")
    assert status == 0
    assert "kustomize build . | slipway lint -" in out


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_example_of_the_repository_passes(path: Path) -> None:
    kinds = [one["kind"] for one in yaml.safe_load_all(path.read_text()) if one]
    status, out, _ = slipway("lint", path)
    assert (status, out) == (0 if "ModelDeployment" in kinds else 2, "")
