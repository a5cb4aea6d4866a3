"""The reference page leaves nothing out, and the generated files are those that are checked in."""

import re
from pathlib import Path

import pytest
import yaml

from slipway_operator.api import generate
from slipway_operator.api.crd import build_crd
from slipway_operator.api.described import Described
from slipway_operator.api.reasons import Reason
from slipway_operator.api.reference import EXAMPLE, build_reference
from slipway_operator.api.schema import documented_schema
from slipway_operator.api.status import ConditionType, Outcome, Phase
from slipway_operator.api.v1alpha1 import ModelDeployment, ModelDeploymentSpec

ROOT = Path(__file__).parents[4]
PAGE = build_reference()
FIELDS = {
    f"`{field}`"
    for model in documented_schema(ModelDeployment)["$defs"].values()
    for field in model.get("properties", ())
}
WORDS: list[Described] = [*Reason, *ConditionType, *Phase, *Outcome]


@pytest.mark.parametrize("field", sorted(FIELDS))
def test_every_field_has_a_row(field: str) -> None:
    assert re.search(rf"^\| {re.escape(field)} \| \S.* \| \S.* \|$", PAGE, re.MULTILINE)


@pytest.mark.parametrize("word", WORDS, ids=str)
def test_every_word_of_a_status_has_a_row_with_its_meaning(word: Described) -> None:
    assert word.meaning
    assert f"| `{word}` | {word.meaning} |" in PAGE


@pytest.mark.parametrize("reason", list(Reason), ids=str)
def test_a_reason_is_one_word_that_reads_as_one(reason: Reason) -> None:
    assert re.fullmatch(r"([A-Z][a-z]+)+", reason)
    assert reason.name == re.sub(r"(?<!^)(?=[A-Z])", "_", reason).upper()
    assert reason.meaning.endswith(".")


@pytest.mark.parametrize("reason", [reason for reason in Reason if reason.is_warning], ids=str)
def test_a_warning_says_what_to_do(reason: Reason) -> None:
    assert reason.remedy.endswith(".")


def test_every_rule_is_on_the_page() -> None:
    crd = yaml.safe_dump(build_crd(), width=10**6)
    messages = set(re.findall(r"message: '?(.*?)'?$", crd, re.MULTILINE))
    assert messages
    assert [text for text in messages if text.replace("''", "'") not in PAGE] == []


def test_links_within_the_page_lead_somewhere() -> None:
    headings = re.findall(r"^#+ (.+)$", PAGE, re.MULTILINE)
    anchors = {re.sub(r"[^a-z0-9 -]", "", text.lower()).replace(" ", "-") for text in headings}
    links = set(re.findall(r"\(#([^)]+)\)", PAGE))
    assert links
    assert links <= anchors


def test_the_example_on_the_page_is_valid() -> None:
    spec = yaml.safe_load(EXAMPLE)["spec"]
    assert ModelDeploymentSpec.model_validate(spec).to_wire() == spec


def test_the_checked_in_files_are_up_to_date(capsys: pytest.CaptureFixture[str]) -> None:
    assert generate.main(["--check", "--root", str(ROOT)]) == 0, capsys.readouterr().out


def test_a_file_that_drifted_is_shown_and_put_right(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "pyproject.toml").touch()
    assert generate.main(["--root", str(tmp_path)]) == 0
    crd = tmp_path / generate.CRD_FILE
    crd.write_text(crd.read_text().replace("maximum: 65535", "maximum: 65536"))
    assert generate.main(["--check", "--root", str(tmp_path)]) == 1
    assert "+                    maximum: 65535" in capsys.readouterr().out
    assert generate.main(["--root", str(tmp_path)]) == 0
    assert generate.main(["--check", "--root", str(tmp_path)]) == 0


def test_nothing_is_written_outside_a_repository(tmp_path: Path) -> None:
    with pytest.raises(SystemExit) as stopped:
        generate.main(["--root", str(tmp_path)])
    assert stopped.value.code == 2
    assert list(tmp_path.iterdir()) == []
