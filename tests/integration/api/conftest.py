"""A way to ask a real API server for its verdict on a spec; nothing is ever stored."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
import yaml
from kubernetes import client, config

from slipway_operator.api import API_VERSION, GROUP, KIND, PLURAL, VERSION
from slipway_operator.api.generate import CRD_FILE
from slipway_testing.cluster import ROOT, Cluster

Obj = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the API server would store, or its words and every cause it gives for refusing."""

    stored: Obj | None = None
    words: str = ""
    causes: list[tuple[str, str]] = field(default_factory=list)


WHERE = (GROUP, VERSION, "default", PLURAL)
NAME = "never-stored"
Judge = Callable[[Obj], Verdict]


@pytest.fixture(scope="session")
def crd() -> Obj:
    """The CRD as it is checked in."""
    found: Obj = yaml.safe_load((ROOT / CRD_FILE).read_text())
    return found


@pytest.fixture(scope="session")
def api(cluster: Cluster, crd: Obj) -> client.ApiClient:
    """A client of a cluster that has this very CRD."""
    settings = client.Configuration()
    config.load_kube_config(str(cluster.kubeconfig), client_configuration=settings)
    connection = client.ApiClient(settings)
    definitions = client.CustomObjectsApi(connection)
    present = definitions.get_cluster_custom_object(
        "apiextensions.k8s.io", "v1", "customresourcedefinitions", crd["metadata"]["name"]
    )
    schemas = [one["spec"]["versions"][0]["schema"] for one in (present, crd)]
    assert schemas[0] == schemas[1], "the cluster has another CRD; run `make deploy`"
    return connection


@pytest.fixture(scope="session")
def judge(api: client.ApiClient) -> Judge:
    """The verdict on `kubectl create` of a spec, unknown fields refused."""
    objects = client.CustomObjectsApi(api)
    return lambda spec: _verdict(
        lambda: objects.create_namespaced_custom_object(
            GROUP,
            VERSION,
            "default",
            PLURAL,
            _whole(spec),
            dry_run="All",
            field_validation="Strict",
        )
    )


@pytest.fixture(scope="session")
def judge_apply(api: client.ApiClient) -> Judge:
    """The verdict on `kubectl apply --server-side` of a spec, unknown fields refused."""
    objects = client.CustomObjectsApi(api)
    return lambda spec: _verdict(
        lambda: objects.patch_namespaced_custom_object(
            *WHERE,
            NAME,
            _whole(spec),
            dry_run="All",
            field_validation="Strict",
            field_manager="tests",
            _content_type="application/apply-patch+yaml",
        )
    )


def _whole(spec: Obj) -> Obj:
    return {"apiVersion": API_VERSION, "kind": KIND, "metadata": {"name": NAME}, "spec": spec}


def _verdict(ask: Callable[[], Obj]) -> Verdict:
    try:
        return Verdict(stored=ask())
    except client.ApiException as refused:
        return _refusal(json.loads(refused.body))


def _refusal(status: Obj) -> Verdict:
    causes = status.get("details", {}).get("causes", [])
    return Verdict(
        words=status["message"], causes=[(cause["field"], cause["message"]) for cause in causes]
    )
