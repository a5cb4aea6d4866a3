"""What FastAPI answers: documentation, the protocol's metadata and its model repository.

Built when one of them is first asked for: FastAPI takes longer to import than everything
else here together.
"""

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException

from slipway_runtime import __version__, openapi
from slipway_runtime.errors import RefusedError
from slipway_runtime.lifecycle.repository import Repository
from slipway_runtime.metrics import Metrics
from slipway_runtime.model import Model
from slipway_runtime.server import control, home, metadata


def build(model: Model, metrics: Metrics, repository: Repository) -> FastAPI:
    """Make the application for one model."""
    app = FastAPI(openapi_url="/openapi.json", redoc_url=None, redirect_slashes=False)
    document = openapi.document(model.identity, model.simple, __version__)
    app.openapi = lambda: document  # type: ignore[method-assign]  # FastAPI's way to replace it
    _errors_in_the_protocols_words(app)
    app.include_router(metadata.routes(model, metrics, repository))
    app.include_router(control.routes(repository))
    page = home.page(model)

    @app.get("/")
    async def show() -> Response:
        return Response(page.html, media_type="text/html", headers=page.headers)

    return app


def _errors_in_the_protocols_words(app: FastAPI) -> None:
    @app.exception_handler(HTTPException)
    async def on_http_error(request: Request, error: HTTPException) -> JSONResponse:
        words = f"{request.method} {request.url.path}: {error.detail}"
        return JSONResponse({"error": words[:300]}, error.status_code, error.headers)

    @app.exception_handler(RefusedError)
    async def on_refusal(_: Request, refused: RefusedError) -> JSONResponse:
        return JSONResponse({"error": refused.message}, refused.status, dict(refused.headers))

    @app.exception_handler(Exception)
    async def on_bug(_: Request, __: Exception) -> JSONResponse:
        return JSONResponse({"error": "internal error; the server's log says more"}, 500)
