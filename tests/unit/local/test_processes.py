"""Which processes are a component, told from what the kernel says of them."""

import subprocess
import sys
from pathlib import Path

import pytest

from localcluster import cgroups, processes
from localcluster.components import Component
from localcluster.instance import named

FORK = "import os, sys; child = os.fork(); print(os.getpid(), flush=True); sys.stdin.read()"


def test_a_child_that_has_not_become_anything_yet_is_not_the_component(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    program = Path(sys.executable).resolve()
    component = Component(name="it", program=program, arguments=())
    with subprocess.Popen(
        [sys.executable, "-c", FORK], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        both = [int(parent.stdout.readline()) for _ in range(2)]
        monkeypatch.setattr(cgroups, "members", lambda _: both)

        found = processes.alive(named("a-test"), component)
        assert parent.stdin is not None
        parent.stdin.close()

    assert len(set(both)) == 2
    assert found == [parent.pid]
