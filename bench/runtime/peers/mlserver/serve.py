"""MLServer with the smallest model class that its documentation knows, started as its CLI does.

One process: with workers of its own it would only talk to itself on the one core there is.
Debug, which logs every request, is off.
"""

import asyncio
import socket
from typing import Any

from mlserver import MLModel, MLServer, ModelSettings, Settings
from mlserver.codecs import NumpyCodec
from mlserver.settings import ModelParameters
from mlserver.types import InferenceRequest, InferenceResponse
from mlserver.utils import install_uvloop_event_loop

from bench.runtime.peers.session import open_session, told


class OnnxModel(MLModel):  # type: ignore[misc]
    """One ONNX model."""

    _session: Any

    async def load(self) -> bool:
        """Open the model."""
        self._session = open_session(self.settings.parameters.uri)
        return True

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        """Answer one request."""
        given = payload.inputs[0]
        (result,) = self._session.run(None, {given.name: NumpyCodec.decode_input(given)})
        return InferenceResponse(
            id=payload.id, model_name=self.name, outputs=[NumpyCodec.encode_output("y", result)]
        )


async def serve(path: str, http_port: int, grpc_port: int) -> None:
    """Serve one model until told to end."""
    settings = Settings(
        debug=False,
        parallel_workers=0,
        host="127.0.0.1",
        http_port=http_port,
        grpc_port=grpc_port,
        metrics_port=_free_port(),
    )
    parameters = ModelParameters(uri=path)
    model = ModelSettings(name="model", implementation=OnnxModel, parameters=parameters)
    await MLServer(settings).start([model])


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


if __name__ == "__main__":
    install_uvloop_event_loop()
    asyncio.run(serve(*told()))
