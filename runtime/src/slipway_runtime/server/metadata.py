"""The protocol's words about this server and its model: metadata, configuration, statistics.

Routes for FastAPI; what they tell is made elsewhere. Predictions and probes are not here.
"""

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter

from slipway_runtime import description
from slipway_runtime.lifecycle.repository import Repository
from slipway_runtime.metrics import Metrics
from slipway_runtime.model import Model

Told = dict[str, Any]


def routes(model: Model, metrics: Metrics, repository: Repository) -> APIRouter:
    """Make the routes for one model; they keep no hold of it."""
    router = APIRouter()
    identity, platform, signature = model.identity, model.engine.platform, model.signature
    server = description.server(control=repository.controlled)
    described = description.model(identity, platform, signature)
    config = description.config(identity, platform, signature)

    @router.get("/v2")
    @router.get("/v2/")
    async def server_metadata() -> Told:
        return server

    def statistics() -> Told:
        return {"model_stats": [description.statistics(identity, metrics)]}

    @router.get("/v2/models/stats")
    async def all_statistics() -> Told:
        return statistics()

    def tell(tail: str, make: Callable[[], Told]) -> None:
        @router.get(f"/v2/models/{{name}}{tail}")
        @router.get(f"/v2/models/{{name}}/versions/{{version}}{tail}")
        async def told(name: str, version: str | None = None) -> Told:
            identity.expect(name, version)
            repository.expect_loaded()
            return make()

    tell("", lambda: described)
    tell("/config", lambda: config)
    tell("/stats", lambda: {**statistics(), **repository.last_reload})
    return router
