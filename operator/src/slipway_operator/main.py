"""Puts the operator together: kopf watches ModelDeployments, the Lease elects, the leader works.

The three run side by side until a signal comes or one of them fails; then everything ends, the
Lease is given back, and an error becomes the exit code.
"""

import asyncio
import contextlib
import signal
from collections.abc import Coroutine

from slipway_operator.controller import Controller
from slipway_operator.health import Health, serve
from slipway_operator.kube import connect
from slipway_operator.leader import Elector, Fence, machine_time
from slipway_operator.metrics import LEADER, count_write
from slipway_operator.reconcile import Reconciler
from slipway_operator.settings import Settings
from slipway_operator.spotter import spot


async def run(settings: Settings) -> None:
    """Run until a signal says stop."""
    health = Health(machine_time)
    kube = await connect(health.answered)
    fence = Fence()
    LEADER.set_function(lambda: float(fence.is_open))
    guarded = kube.guarded(fence.check, count_write)
    controller = Controller(
        kube=guarded,
        reconciler=Reconciler(guarded, settings.defaults, settings.identity),
        health=health,
        namespaces=settings.watch_namespaces,
        workers=settings.workers,
    )
    elector = Elector(kube, settings.namespace, settings.identity, fence)

    async def work() -> None:
        namespaces = settings.watch_namespaces
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(elector.run(controller.lead))
            tasks.create_task(spot(kube, namespaces, controller.mark, health.prepare))

    server = await serve(health, settings.port)
    try:
        await _until_signal(work())
    finally:
        await server.cleanup()
        await kube.close()


async def _until_signal(work: Coroutine[None, None, None]) -> None:
    loop, task = asyncio.get_running_loop(), asyncio.ensure_future(work)
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, task.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await task
