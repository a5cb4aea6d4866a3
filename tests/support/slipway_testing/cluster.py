"""A Kubernetes cluster as a person with kubectl sees it: plain objects over the plain REST API.

It knows nothing of Slipway and decides nothing. Pods are not assumed to be reachable: requests to
them travel through the API server's service proxy, which works on every cluster.
"""

import json
import os
import ssl
from pathlib import Path
from typing import Any

import httpx
from kubernetes import client, config

Obj = dict[str, Any]
ROOT = Path(__file__).parents[3]
RESOURCES = {
    "ConfigMap": "api/v1/{}/configmaps",
    "Event": "api/v1/{}/events",
    "Namespace": "api/v1/namespaces",
    "Node": "api/v1/nodes",
    "PersistentVolume": "api/v1/persistentvolumes",
    "PersistentVolumeClaim": "api/v1/{}/persistentvolumeclaims",
    "Pod": "api/v1/{}/pods",
    "ResourceQuota": "api/v1/{}/resourcequotas",
    "Secret": "api/v1/{}/secrets",
    "Service": "api/v1/{}/services",
    "ControllerRevision": "apis/apps/v1/{}/controllerrevisions",
    "Deployment": "apis/apps/v1/{}/deployments",
    "HorizontalPodAutoscaler": "apis/autoscaling/v2/{}/horizontalpodautoscalers",
    "Lease": "apis/coordination.k8s.io/v1/{}/leases",
    "NetworkPolicy": "apis/networking.k8s.io/v1/{}/networkpolicies",
    "PodDisruptionBudget": "apis/policy/v1/{}/poddisruptionbudgets",
    "ModelDeployment": "apis/serving.slipway.dev/v1alpha1/{}/modeldeployments",
}
API_VERSIONS = {
    kind: "/".join(path.split("/")[1 : 2 if path.startswith("api/") else 3])
    for kind, path in RESOURCES.items()
}


class RefusedError(Exception):
    """The API server said no; `message` holds its words."""

    def __init__(self, answer: httpx.Response) -> None:
        body = answer.json() if "json" in answer.headers.get("content-type", "") else {}
        self.code = answer.status_code
        self.message = str(body.get("message", answer.text))
        super().__init__(f"{self.code}: {self.message}")


class Cluster:
    """Read and write objects; talk to services."""

    def __init__(self, kubeconfig: Path) -> None:
        self.kubeconfig = kubeconfig
        self._http = _connect(kubeconfig)

    def apply(self, obj: Obj, *, manager: str = "tests") -> Obj:
        """Server-side apply, the way `kubectl apply --server-side` does it."""
        return self._call(
            "PATCH",
            self._path(obj["kind"], obj["metadata"].get("namespace"), obj["metadata"]["name"]),
            params={"fieldManager": manager, "force": "true"},
            content=json.dumps(obj),
            headers={"content-type": "application/apply-patch+yaml"},
        )

    def patch(
        self, kind: str, namespace: str | None, name: str, change: Any, *, status: bool = False
    ) -> Obj:
        """Merge `change` into an object; a list is taken as a JSON patch."""
        flavour = "json" if isinstance(change, list) else "merge"
        return self._call(
            "PATCH",
            self._path(kind, namespace, name) + ("/status" if status else ""),
            params={"fieldManager": "by-hand"},
            content=json.dumps(change),
            headers={"content-type": f"application/{flavour}-patch+json"},
        )

    def get(self, kind: str, namespace: str | None, name: str) -> Obj | None:
        """One object, or None."""
        try:
            return self._call("GET", self._path(kind, namespace, name))
        except RefusedError as refused:
            if refused.code == httpx.codes.NOT_FOUND:
                return None
            raise

    def list(self, kind: str, namespace: str | None = None, selector: str = "") -> list[Obj]:
        """Objects of a kind, by label selector."""
        found = self._call("GET", self._path(kind, namespace), params={"labelSelector": selector})
        return [{"kind": kind, **item} for item in found["items"]]

    def delete(
        self, kind: str, namespace: str | None, name: str, *, propagation: str = "Background"
    ) -> None:
        """Delete an object; one that is gone already is fine."""
        try:
            self._call(
                "DELETE",
                self._path(kind, namespace, name),
                content=json.dumps({"propagationPolicy": propagation}),
                headers={"content-type": "application/json"},
            )
        except RefusedError as refused:
            if refused.code != httpx.codes.NOT_FOUND:
                raise

    def ask_service(
        self,
        namespace: str,
        service: str,
        path: str,
        *,
        method: str = "GET",
        content: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> httpx.Response:
        """A request to a Service, through the API server's proxy; any answer is returned."""
        where = f"/api/v1/namespaces/{namespace}/services/{service}/proxy/{path.lstrip('/')}"
        return self._http.request(method, where, content=content, headers=headers)

    def text(self, path: str) -> str:
        """GET any path of the API server, such as a pod's proxy, as text."""
        answer = self._http.get(path)
        if answer.is_error:
            raise RefusedError(answer)
        return answer.text

    def logs(self, namespace: str, pod: str, container: str = "") -> str:
        """What a container has written so far; nothing when it has not started."""
        answer = self._http.get(
            f"/api/v1/namespaces/{namespace}/pods/{pod}/log",
            params={"container": container} if container else {},
        )
        return "" if answer.is_error else answer.text

    def _call(self, method: str, path: str, **request: Any) -> Obj:
        answer = self._http.request(method, path, **request)
        if answer.is_error:
            raise RefusedError(answer)
        found: Obj = answer.json()
        return found

    def _path(self, kind: str, namespace: str | None, name: str = "") -> str:
        scope = f"namespaces/{namespace}" if namespace else ""
        where = "/" + RESOURCES[kind].format(scope).replace("//", "/")
        return f"{where}/{name}" if name else where


def current_cluster() -> Cluster:
    """The cluster of KUBECONFIG, or the one `make cluster-up` made."""
    kubeconfig = Path(os.environ.get("KUBECONFIG") or ROOT / ".local" / "kubeconfig")
    if not kubeconfig.exists():
        raise FileNotFoundError(
            f"no cluster: {kubeconfig.name} is missing; run `make deploy` first"
        )
    return Cluster(kubeconfig)


def obj(kind: str, namespace: str | None, name: str, **content: Any) -> Obj:
    """A whole object to apply, from its kind, place and content."""
    place = {"namespace": namespace} if namespace else {}
    meta = {"name": name, **place, **content.pop("metadata", {})}
    return {"apiVersion": API_VERSIONS[kind], "kind": kind, "metadata": meta, **content}


def _connect(kubeconfig: Path) -> httpx.Client:
    settings = client.Configuration()
    config.load_kube_config(str(kubeconfig), client_configuration=settings)
    context = ssl.create_default_context(cafile=settings.ssl_ca_cert)
    if settings.cert_file:
        context.load_cert_chain(settings.cert_file, settings.key_file)
    token = settings.get_api_key_with_prefix("authorization")
    return httpx.Client(
        base_url=settings.host,
        verify=context,
        headers={"authorization": token} if token else {},
        timeout=30,
    )
