"""Plain FastAPI with pydantic, as most people would write it in an afternoon."""

from typing import Any

import numpy as np
import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel

from bench.runtime.peers.session import open_session, told


class Tensor(BaseModel):
    """A tensor in JSON."""

    name: str
    datatype: str
    shape: list[int]
    data: list[float]


class Question(BaseModel):
    """The body of a request."""

    id: str | None = None
    inputs: list[Tensor]


class Answer(BaseModel):
    """The body of an answer."""

    model_name: str
    id: str | None = None
    outputs: list[Tensor]


def application(path: str) -> FastAPI:
    """Put one model behind one route."""
    session: Any = open_session(path)
    app = FastAPI()

    @app.get("/v2/health/ready")
    async def ready() -> dict[str, bool]:
        return {"ready": True}

    @app.post("/v2/models/model/infer")
    async def infer(question: Question) -> Answer:
        given = question.inputs[0]
        array = np.array(given.data, np.float32).reshape(given.shape)
        (result,) = session.run(None, {given.name: array})
        output = Tensor(
            name="y", datatype="FP32", shape=list(result.shape), data=result.ravel().tolist()
        )
        return Answer(model_name="model", id=question.id, outputs=[output])

    return app


if __name__ == "__main__":
    model, port, _ = told()
    uvicorn.run(application(model), host="127.0.0.1", port=port, access_log=False)
