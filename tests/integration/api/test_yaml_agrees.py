"""Plain words in YAML mean to `slipway lint` what they mean to kubectl."""

import json
import os
import subprocess

import pytest

from slipway_operator.cli.manifests import read_manifests
from slipway_testing.cluster import ROOT, Cluster

pytestmark = pytest.mark.cluster

# `1_0.5`, which kubectl takes for 10.5, is left out: nobody means it.
WORDS = """
y Y yes on n No OFF true FALSE ~ null Null NULL nil none True tRUE
0 1 -1 +1 010 -010 0o17 08 0x1F 0xg 0b11 0b12 1_000 1__0 9007199254740993
.5 5. -.5 1.10 1e3 1E3 1e-3 1.5e+3 12e03 0.0 -0 -0.0 1.2.0 1e 1.e3 .e3
1:30 190:20:30 2026-11-21 2026-11-21T03:04:05Z 1d 5m 1h30m 500m 2Gi 1e3m
'1' "y" '~' 0755 = abc a:b 1,000 1+1 -- .
"""


def test_every_word_is_read_as_kubectl_reads_it(cluster: Cluster) -> None:
    words = WORDS.split()
    entries = "\n".join(f"- {word}" for word in words)
    document = f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: x}}\nwords:\n{entries}\n"
    kubectl = subprocess.run(
        ["kubectl", "create", "-f-", "--dry-run=client", "--validate=false", "--output=json"],
        input=document,
        env={
            **os.environ,
            "KUBECONFIG": str(cluster.kubeconfig),
            "PATH": f"{ROOT / '.local' / 'bin'}:{os.environ['PATH']}",
        },
        capture_output=True,
        text=True,
        check=True,
    )
    (ours,) = read_manifests(document)
    theirs = json.loads(kubectl.stdout)["words"]
    pairs = zip(words, ours.content["words"], theirs, strict=True)
    assert [pair for pair in pairs if repr(pair[1]) != repr(pair[2])] == []
