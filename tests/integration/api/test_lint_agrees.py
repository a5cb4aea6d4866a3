"""`slipway lint` gives the API server's own verdict: on the corpus, and on specs made at random."""

import copy
import json
import random
from collections.abc import Callable
from typing import Any, Protocol

import pytest

from slipway_operator.api import API_VERSION, KIND
from slipway_operator.cli.lint import Finding, lint
from slipway_operator.cli.manifests import Manifest
from slipway_testing.bad_specs import BAD
from slipway_testing.spec_fields import spec_field_cases
from slipway_testing.specs import GOOD, UNKNOWN_FIELDS

Obj = dict[str, Any]


class Judge(Protocol):
    def __call__(self, spec: Obj) -> Any: ...


pytestmark = pytest.mark.cluster

CORPUS = [
    *(good.spec for good in GOOD),
    *(case.having for case in spec_field_cases()),
    *(bad.spec for bad in BAD),
    *UNKNOWN_FIELDS.values(),
]
# What a value may be replaced by: neighbours of limits, wrong types, and what is nearly right.
STRANGE = [
    None, True, False, 0, 1, -1, 2, 0.5, -2.5, 65536, 10_001, 2**31, 2**53, "", "a", "A_b",
    "1", "1.5Gi", "+1", "-1", "1e3", "1e-3", ".5", "5.", "100mm", "0x1", "1Ei", "٣", "5m\n", "1h",
    "25h", "0s", "10s", "9999ms", "ünïcode", "a" * 64, "0" * 64, " ", "https://a/b.onnx",
    "s3://abc/d.onnx", "https://a/b.onnx?c=d", "oci://a/b@sha256:" + "c" * 64, "pvc://a/b", "HTTPS://a/b.onnx",
    "nvidia.com/gpu", "a/b/c", "SLIPWAY_", "SLIPWAYX", "CPU", "Exists", "onnx", [], {}, [1], [2, 1],
    [0, 0], ["a", "a"], [None], {"a": 1}, {"cpu": 1}, {"cpu": "1", "memory": 2},
    {"name": "X", "range": [0, 1]}, [{"name": "X", "values": [1]}], [{"type": "CPU", "target": 1}],
]  # fmt: skip
TRIALS = 1500


def lint_spec(spec: Any) -> list[Finding]:
    whole = {"apiVersion": API_VERSION, "kind": KIND, "metadata": {"name": "x"}, "spec": spec}
    return lint(Manifest(whole, {}))


def places(value: Any) -> list[tuple[Any, Any]]:
    """Every container in a value, with each of its keys."""
    if not isinstance(value, dict | list):
        return []
    keys = list(value) if isinstance(value, dict) else range(len(value))
    inside = [place for key in keys for place in places(value[key])]
    return [(value, key) for key in keys] + inside


def disturb(spec: Obj, chance: random.Random) -> Obj:
    """A copy with one or two values replaced, removed, renamed or put elsewhere."""
    changed = copy.deepcopy(spec)
    for _ in range(chance.choice([1, 1, 2])):
        if not (found := places(changed)):
            break
        container, key = chance.choice(found)
        match chance.choice(["replace", "replace", "replace", "remove", "rename", "add"]):
            case "remove":
                del container[key]
            case "rename" if isinstance(container, dict):
                container[f"{key}x"] = container.pop(key)
            case "add" if isinstance(container, list):
                container.append(copy.deepcopy(chance.choice([container[key], *STRANGE])))
            case _:
                container[key] = copy.deepcopy(chance.choice(STRANGE))
    return changed


@pytest.fixture(scope="module")
def refusal(judge: Judge, judge_apply: Judge) -> Callable[[Obj], str]:
    """What the API server has against a spec, however it is sent."""
    return lambda spec: judge(spec).words or judge_apply(spec).words


def test_lint_and_the_api_server_agree_on_the_corpus(refusal: Callable[[Obj], str]) -> None:
    verdicts = [(spec, lint_spec(spec), refusal(spec)) for spec in CORPUS]
    assert [one for one in verdicts if bool(one[1]) != bool(one[2])] == []


def test_lint_and_the_api_server_agree_on_specs_made_at_random(
    refusal: Callable[[Obj], str],
) -> None:
    chance = random.Random(20261121)
    verdicts = {True: 0, False: 0}
    for _ in range(TRIALS):
        spec = disturb(chance.choice(CORPUS), chance)
        found, words = lint_spec(spec), refusal(spec)
        assert bool(found) == bool(words), f"{json.dumps(spec)}\nlint: {found}\nserver: {words}"
        verdicts[bool(words)] += 1
    assert min(verdicts.values()) > TRIALS // 20
