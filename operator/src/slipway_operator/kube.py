"""The cluster, as plain dicts: the only module that knows the Kubernetes client.

Errors are typed by what to do about them. Every write first asks a guard, so that an operator that
may have lost its Lease writes nothing. What to read or write is decided elsewhere.
"""

import json
import os
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import aiohttp
from kubernetes.aio import config
from kubernetes.aio.client.api_client import ApiClient
from kubernetes.aio.client.configuration import Configuration
from kubernetes.aio.client.exceptions import ApiException
from kubernetes.aio.dynamic.client import DynamicClient
from kubernetes.aio.dynamic.exceptions import DynamicApiError

from slipway_operator.objects import Kind, Obj

READ_TIMEOUT: Final = 15.0
# Shorter than what is left of a Lease when its holder stops writing: no write of ours can arrive
# after somebody else took over.
WRITE_TIMEOUT: Final = 4.0
PAGE: Final = 500
_CONNECTIONS: Final = 64
_METADATA: Final = "g=meta.k8s.io;v=v1,application/json"
_METADATA_LIST: Final = f"application/json;as=PartialObjectMetadataList;{_METADATA}"
_METADATA_ITEM: Final = f"application/json;as=PartialObjectMetadata;{_METADATA}"


class KubeError(Exception):
    """The API server, or the way to it, said no."""

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class NotFoundError(KubeError):
    """There is no such object, or no such kind."""


class ConflictError(KubeError):
    """The object changed or exists already: look again."""


class ForbiddenError(KubeError):
    """A permission or a quota is missing: waiting may help, asking harder does not."""


class InvalidError(KubeError):
    """The API server refuses the content: only another content helps."""


class GoneError(KubeError):
    """The watch's position is too old: list again."""


class TransientError(KubeError):
    """Try again later."""


_ERRORS: Final[Mapping[int, type[KubeError]]] = {
    400: InvalidError,
    403: ForbiddenError,
    404: NotFoundError,
    409: ConflictError,
    410: GoneError,
    422: InvalidError,
}


@dataclass(frozen=True, slots=True)
class WatchEvent:
    """One change, or a bookmark, of which only metadata is known."""

    type: str
    metadata: Obj


class Kube:
    """A connection to the API server."""

    def __init__(
        self,
        client: ApiClient,
        guard: Callable[[], None] = lambda: None,
        wrote: Callable[[str, str], None] = lambda _verb, _kind: None,
        answered: Callable[[], None] = lambda: None,
    ) -> None:
        self._client = client
        self._answered = answered
        self._dynamic = DynamicClient(client)
        self._guard = guard
        self._wrote = wrote

    def guarded(self, guard: Callable[[], None], wrote: Callable[[str, str], None]) -> "Kube":
        """Return the same connection with a guard before, and a count after, every write."""
        return Kube(self._client, guard, wrote, self._answered)

    async def get(self, kind: Kind, namespace: str, name: str) -> Obj | None:
        """Return an object, or nothing when it does not exist."""
        try:
            return await self._request("get", _path(kind, namespace, name))
        except NotFoundError:
            return None

    async def select(self, kind: Kind, namespace: str | None, selector: str = "") -> list[Obj]:
        """Return whole objects by label."""
        answer = await self._request("get", _path(kind, namespace), label_selector=selector or None)
        identity = {"apiVersion": kind.api_version, "kind": kind.kind}
        return [{**identity, **item} for item in answer["items"] or ()]

    async def position(self, kind: Kind, namespace: str | None) -> str:
        """Return where a watch that begins now must begin."""
        answer = await self._request("get", _path(kind, namespace), limit=1)
        version: str = answer["metadata"]["resourceVersion"]
        return version

    async def list_metadata(self, kind: Kind, namespace: str | None) -> list[Obj]:
        """Return the metadata of all objects of a kind, page by page."""
        items: list[Obj] = []
        token: str | None = None
        while True:
            answer = await self._request(
                "get",
                _path(kind, namespace),
                limit=PAGE,
                _continue=token,
                header_params={"accept": _METADATA_LIST},
            )
            items += [item["metadata"] for item in answer["items"] or ()]
            token = answer["metadata"].get("continue")
            if not token:
                return items

    async def watch(
        self, kind: Kind, namespace: str | None, selector: str, version: str, seconds: int
    ) -> AsyncIterator[WatchEvent]:
        """Yield changes after a position, metadata only, with a bookmark at least each minute."""
        response = await self._send(
            "get",
            _path(kind, namespace),
            label_selector=selector or None,
            resource_version=version,
            timeout_seconds=seconds,
            watch=True,
            query_params=[("allowWatchBookmarks", "true")],
            header_params={"accept": _METADATA_ITEM},
            limits=aiohttp.ClientTimeout(sock_connect=READ_TIMEOUT, sock_read=90),
        )
        try:
            async for line in response.content:
                event = json.loads(line)
                if event["type"] == "ERROR":
                    raise _error(event["object"].get("code", 0), event["object"].get("message", ""))
                yield WatchEvent(event["type"], event["object"]["metadata"])
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise TransientError(f"the watch of {kind.plural} broke: {error}") from error
        finally:
            response.close()

    async def apply(self, kind: Kind, obj: Obj, manager: str, subresource: str = "") -> Obj:
        """Set the given fields and own them, whoever owned them before."""
        meta = obj["metadata"]
        path = _path(kind, meta["namespace"], meta["name"], subresource)
        return await self._write(
            "apply",
            "patch",
            path,
            kind,
            body=obj,
            content_type="application/apply-patch+yaml",
            field_manager=manager,
            force_conflicts=True,
        )

    async def set_owners(self, kind: Kind, obj: Obj, owners: list[Obj]) -> Obj:
        """Say who owns which fields of the very version of an object that was read."""
        meta = obj["metadata"]
        body = {"resourceVersion": meta["resourceVersion"], "managedFields": owners}
        return await self._write(
            "patch",
            "patch",
            _path(kind, meta["namespace"], meta["name"]),
            kind,
            body={"metadata": body},
            content_type="application/merge-patch+json",
            field_manager="slipway",
        )

    async def create(self, kind: Kind, obj: Obj) -> Obj:
        """Create an object that must not exist yet."""
        return await self._write(
            "create", "post", _path(kind, obj["metadata"]["namespace"]), kind, body=obj
        )

    async def replace(self, kind: Kind, obj: Obj) -> Obj:
        """Replace the very version of an object that was read."""
        meta = obj["metadata"]
        path = _path(kind, meta["namespace"], meta["name"])
        return await self._write("replace", "put", path, kind, body=obj)

    async def delete(self, kind: Kind, namespace: str, name: str, uid: str) -> None:
        """Delete an object, if it is still that one."""
        body = {"preconditions": {"uid": uid}, "propagationPolicy": "Background"}
        try:
            await self._write("delete", "delete", _path(kind, namespace, name), kind, body=body)
        except NotFoundError:
            return

    async def close(self) -> None:
        """Close the connection."""
        await self._client.close()

    async def _write(self, verb: str, method: str, path: str, kind: Kind, **params: Any) -> Obj:
        self._guard()
        answer = await self._request(method, path, seconds=WRITE_TIMEOUT, **params)
        self._wrote(verb, kind.kind)
        return answer

    async def _request(
        self, method: str, path: str, seconds: float = READ_TIMEOUT, **params: Any
    ) -> Obj:
        limits = aiohttp.ClientTimeout(total=seconds)
        response = await self._send(method, path, limits=limits, **params)
        try:
            answer: Obj = await response.json()
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise TransientError(f"{method} {path} broke off: {_words(error)}") from error
        self._answered()
        return answer

    async def _send(
        self, method: str, path: str, limits: aiohttp.ClientTimeout, **params: Any
    ) -> aiohttp.ClientResponse:
        try:
            response: aiohttp.ClientResponse = await self._dynamic.request(
                method, path, serialize=False, _request_timeout=limits, **params
            )
            return response
        except DynamicApiError as error:
            raise _from_answer(error) from error
        except ApiException as error:
            raise _error(error.status or 0, error.reason or "") from error
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise TransientError(f"{method} {path} failed: {_words(error)}") from error


async def connect(answered: Callable[[], None] = lambda: None) -> Kube:
    """Connect with the pod's service account, else with the kubeconfig.

    Whenever the API server answers, `answered` is told.
    """
    settings = Configuration()
    if "KUBERNETES_SERVICE_HOST" in os.environ:
        config.load_incluster_config(client_configuration=settings)
    else:
        await config.load_kube_config(client_configuration=settings)
    settings.connection_pool_maxsize = _CONNECTIONS
    settings.retries = False
    # Python 3.13 refuses authorities without a key identifier, which some clouds' clusters have;
    # every other Kubernetes client accepts them.
    settings.disable_strict_ssl_verification = True
    return Kube(ApiClient(settings), answered=answered)


def _path(kind: Kind, namespace: str | None, name: str = "", subresource: str = "") -> str:
    parts = [kind.prefix]
    if namespace:
        parts.append(f"namespaces/{namespace}")
    return "/".join([*parts, *(part for part in (kind.plural, name, subresource) if part)])


def _from_answer(error: Any) -> KubeError:
    try:
        status = json.loads(error.body)
    except (TypeError, ValueError):
        status = {}
    details = status.get("details") or {}
    words = status.get("message") or f"{error.status} {error.reason}"
    return _error(error.status, words, details.get("retryAfterSeconds"))


def _error(code: int, words: str, retry_after: float | None = None) -> KubeError:
    return _ERRORS.get(code, TransientError)(words, retry_after)


def _words(error: BaseException) -> str:
    return str(error) or type(error).__name__
