"""The pages for people and the protocol's metadata, in FastAPI. Built once the model is known.

Imported late: FastAPI takes longer to import than everything else here together.
"""

import json
from html import escape
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, JSONResponse
from starlette.exceptions import HTTPException

from slipway_runtime import __version__, openapi
from slipway_runtime.errors import RefusedError
from slipway_runtime.model import Model
from slipway_runtime.signature import TensorSpec

_STYLE = """
body {font: 16px/1.5 system-ui, sans-serif; max-width: 48rem; margin: 2rem auto; padding: 0 1rem}
table {border-collapse: collapse} td, th {text-align: left; padding: .2rem 1.5rem .2rem 0}
pre {background: #f4f4f4; padding: 1rem; overflow-x: auto}
@media (prefers-color-scheme: dark) {body {background: #111; color: #eee} pre {background: #222}
a {color: #8cf}}
"""


def build(model: Model) -> FastAPI:
    """Make the application for one model."""
    app = FastAPI(openapi_url="/openapi.json", redoc_url=None, redirect_slashes=False)
    document = openapi.document(model.identity, model.simple, __version__)
    app.openapi = lambda: document  # type: ignore[method-assign]  # FastAPI's way to replace it
    _errors_in_the_protocols_words(app)
    _metadata(app, model)
    page = _page(model)

    @app.get("/", response_class=HTMLResponse)
    async def home() -> str:
        return page

    return app


def _errors_in_the_protocols_words(app: FastAPI) -> None:
    @app.exception_handler(HTTPException)
    async def on_http_error(request: Request, error: HTTPException) -> JSONResponse:
        words = f"{request.method} {request.url.path}: {error.detail}"
        return JSONResponse({"error": words[:300]}, error.status_code, error.headers)

    @app.exception_handler(RefusedError)
    async def on_refusal(_: Request, refused: RefusedError) -> JSONResponse:
        return JSONResponse({"error": refused.message}, refused.status)

    @app.exception_handler(Exception)
    async def on_bug(_: Request, __: Exception) -> JSONResponse:
        return JSONResponse({"error": "internal error; the server's log says more"}, 500)


def _metadata(app: FastAPI, model: Model) -> None:
    server = {"name": "slipway", "version": __version__, "extensions": []}
    described = _describe(model)

    @app.get("/v2")
    @app.get("/v2/")
    async def server_metadata() -> dict[str, Any]:
        return server

    @app.get("/v2/models/{name}")
    @app.get("/v2/models/{name}/versions/{version}")
    async def model_metadata(name: str, version: str | None = None) -> dict[str, Any]:
        model.identity.expect(name, version)
        return described


def _describe(model: Model) -> dict[str, Any]:
    return {
        "name": model.identity.name,
        "versions": [model.identity.version],
        "platform": model.engine.platform,
        "inputs": [_tensor(spec) for spec in model.signature.inputs],
        "outputs": [_tensor(spec) for spec in model.signature.outputs],
    }


def _tensor(spec: TensorSpec) -> dict[str, Any]:
    return {"name": spec.name, "datatype": str(spec.datatype), "shape": spec.wire_shape}


def _page(model: Model) -> str:
    name, version = escape(model.identity.name), escape(model.identity.version)
    example = json.dumps(openapi.row_example(model.simple))
    call = f"curl -s localhost:8080/predict -d '{example}'"
    return f"""<!doctype html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><title>{name} {version}</title>
<style>{_STYLE}</style>
<h1>{name} <small>{version}</small></h1>
<p>Served by Slipway {__version__}. Revision: {escape(model.identity.revision) or "none"}.</p>
<h2>Inputs</h2>{_table(model.signature.inputs)}
<h2>Outputs</h2>{_table(model.signature.outputs)}
<h2>Try it</h2><pre>{escape(call)}</pre>
<p><a href="/docs">API</a> · <a href="/v2/models/{name}">Metadata</a> ·
<a href="/metrics">Metrics</a></p></html>"""


def _table(specs: tuple[TensorSpec, ...]) -> str:
    rows = "".join(
        f"<tr><td>{escape(spec.name)}<td>{spec.datatype}<td>{spec.wire_shape}" for spec in specs
    )
    return f"<table><tr><th>name<th>datatype<th>shape (-1: any){rows}</table>"
