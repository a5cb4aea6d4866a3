"""Spots ModelDeployments that changed, with kopf, whose one handler only says which one it was.

kopf's state machine is not used: it would write into users' objects. kopf lives in a thread with an
event loop of its own, because it takes every task of its loop for one of its own when it ends.
"""

import asyncio
import concurrent.futures
import contextlib
import logging
import os
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import kopf

from slipway_operator.api import GROUP, PLURAL, VERSION
from slipway_operator.kube import Kube, KubeError
from slipway_operator.objects import MODEL_DEPLOYMENT
from slipway_operator.queue import Key

_EXIT_SECONDS: Final = 5.0
_PAUSE: Final = 2.0
# A kopf that cannot begin, for want of a right or of a login, ends sooner than that.
_PROOF: Final = 1.0
# Without one, kopf asks for the user's name, which a container's bare user id does not have.
_IDENTITY: Final[Any] = "slipway-operator"

log = logging.getLogger(__name__)

Mark = Callable[[Key, object], None]
Stopper = concurrent.futures.Future[Callable[[], object]]


async def spot(
    kube: Kube, namespaces: tuple[str, ...], mark: Mark, prepared: Callable[[bool], None]
) -> None:
    """Tell of every ModelDeployment that may have changed, for ever.

    kopf gives up when the API server stays away, or the CRD goes; then it is started anew, for a
    pod that ends would come back only after its back-off.
    """
    while True:
        await _wait_for_crd(kube, namespaces)
        async with asyncio.TaskGroup() as tasks:
            run = tasks.create_task(_run_kopf(namespaces, mark))
            await asyncio.wait({run}, timeout=_PROOF)
            prepared(not run.done())
        log.error("kopf ended and is started anew: %s", run.result())
        prepared(False)
        await asyncio.sleep(_PAUSE)


async def _wait_for_crd(kube: Kube, namespaces: tuple[str, ...]) -> None:
    """Wait until the API server knows ModelDeployments: kopf looks for them only once."""
    while True:
        try:
            await kube.position(MODEL_DEPLOYMENT, namespaces[0] if namespaces else None)
        except KubeError as error:
            log.warning("ModelDeployments cannot be listed yet (is the CRD applied?): %s", error)
            await asyncio.sleep(_PAUSE)
        else:
            return


async def _run_kopf(namespaces: tuple[str, ...], mark: Mark) -> BaseException | None:
    """Run kopf until it ends; return what ended it."""
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[BaseException | None] = loop.create_future()
    stopper: Stopper = concurrent.futures.Future()

    def tell(key: Key, generation: object) -> None:
        loop.call_soon_threadsafe(mark, key, generation)

    def end(error: BaseException | None) -> None:
        if not ended.done():
            ended.set_result(error)

    def live() -> None:
        error: BaseException | None = None
        try:
            asyncio.run(_kopf(namespaces, tell, stopper))
        except BaseException as failure:
            error = failure
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(end, error)

    thread = threading.Thread(target=live, name="kopf", daemon=True)
    thread.start()
    try:
        return await ended
    finally:
        with contextlib.suppress(RuntimeError):  # kopf's loop is closed: it has ended by itself
            (await asyncio.wrap_future(stopper))()
        await asyncio.to_thread(thread.join, _EXIT_SECONDS)


async def _kopf(namespaces: tuple[str, ...], tell: Mark, stopper: Stopper) -> None:
    # The flag is of kopf's own loop: for a threading.Event kopf parks a thread that nothing wakes
    # when kopf fails, and the failure would never be heard of.
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    stopper.set_result(lambda: loop.call_soon_threadsafe(stop.set))
    await kopf.operator(
        registry=_registry(tell),
        settings=_settings(),
        standalone=True,
        identity=_IDENTITY,
        clusterwide=not namespaces,
        namespaces=namespaces,
        stop_flag=stop,
    )


def _registry(tell: Mark) -> kopf.OperatorRegistry:
    registry = kopf.OperatorRegistry()

    @kopf.on.login(registry=registry)
    def login(**kwargs: Any) -> kopf.ConnectionInfo | None:
        return _inside(**kwargs) or _outside(**kwargs)

    @kopf.on.event(GROUP, VERSION, PLURAL, registry=registry)
    async def spotted(namespace: str | None, name: str, meta: kopf.Meta, **_: Any) -> None:
        tell(Key(namespace or "", name), meta.get("generation"))

    return registry


@dataclass(frozen=True, kw_only=True)
class _Connection(kopf.ConnectionInfo):
    """A connection that accepts the certificate authorities that Kubernetes' own clients accept."""

    def as_ssl_context(self) -> ssl.SSLContext:
        """Return what verifies the API server."""
        context = super().as_ssl_context()
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
        return context


def _inside(**kwargs: Any) -> kopf.ConnectionInfo | None:
    found = kopf.login_with_service_account(**kwargs)
    if found is None:
        return None
    # The address that every pod is given: the way to the API server must not lean on DNS.
    host, port = (os.environ[f"KUBERNETES_SERVICE_{part}"] for part in ("HOST", "PORT"))
    host = f"[{host}]" if ":" in host else host
    return _Connection(**{**vars(found), "server": f"https://{host}:{port}"})


def _outside(**kwargs: Any) -> kopf.ConnectionInfo | None:
    found = kopf.login_with_kubeconfig(**kwargs)
    return _Connection(**vars(found)) if found else None


def _settings() -> kopf.OperatorSettings:
    settings = kopf.OperatorSettings()
    settings.posting.enabled = False
    settings.scanning.disabled = True
    settings.watching.server_timeout = 240
    settings.watching.client_timeout = 300
    settings.watching.connect_timeout = 10
    settings.networking.request_timeout = 30
    settings.networking.enforce_retry_after = True
    settings.queueing.exit_timeout = 0.5
    return settings
