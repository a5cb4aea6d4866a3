import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway_runtime.errors import ModelError, Reason
from slipway_runtime.termination import encode, write


@given(st.text(max_size=5000), st.sampled_from(Reason))
def test_a_reason_of_any_length_fits(message: str, reason: Reason) -> None:
    text = encode(ModelError(reason, message))

    assert len(text) <= 2048
    assert json.loads(text)["reason"] == reason
    assert message.startswith(json.loads(text)["message"])


def test_a_short_message_is_told_whole() -> None:
    assert json.loads(encode(ModelError(Reason.MODEL_NOT_FOUND, "no"))) == {
        "reason": "ModelNotFound",
        "message": "no",
    }


def test_it_is_written_where_the_environment_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SLIPWAY_TERMINATION_LOG", str(tmp_path / "log"))

    write(ModelError(Reason.LOAD_FAILED, "why"))

    assert json.loads((tmp_path / "log").read_text())["message"] == "why"
