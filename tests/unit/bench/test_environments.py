import re
from pathlib import Path

import pytest

from bench.runtime.environments import PEERS, ROOT, InstallError, python_of
from bench.runtime.servers import SERVERS

OURS = (ROOT / "tests" / "requirements.txt").read_text()
OTHERS = sorted({server.environment for server in SERVERS.values() if server.environment})


def pinned(text: str, package: str) -> set[str]:
    return set(re.findall(rf"^{package}==(\S+)", text, re.MULTILINE))


@pytest.mark.parametrize("peer", OTHERS)
@pytest.mark.parametrize("package", ["onnxruntime", "numpy"])
def test_every_peer_computes_with_the_same_libraries(peer: str, package: str) -> None:
    theirs = (PEERS / peer / "requirements.txt").read_text()

    assert pinned(theirs, package)
    assert pinned(theirs, package) == pinned(OURS, package)


def test_a_list_that_cannot_be_installed_is_an_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "peer").mkdir()
    (tmp_path / "peer" / "requirements.txt").write_text("not a requirement\n")
    monkeypatch.setattr("bench.runtime.environments.PEERS", tmp_path)
    monkeypatch.setattr("bench.runtime.environments.CACHE", tmp_path / "cache")
    told: list[str] = []

    with pytest.raises(InstallError, match="not a requirement"):
        python_of("peer", told.append)

    assert told == ["installing peer (once)"]
