"""KServe's SDK with the smallest model class that its documentation knows.

Its logging of each request's latency is off, as logging is for every other contender.
"""

from typing import Any

from kserve import InferRequest, InferResponse, Model, ModelServer
from kserve.utils.utils import get_predict_response

from bench.runtime.peers.session import open_session, told


class OnnxModel(Model):  # type: ignore[misc]
    """One ONNX model."""

    def __init__(self, path: str) -> None:
        super().__init__("model")
        self._session: Any = open_session(path)
        self.ready = True

    def predict(
        self,
        payload: InferRequest,
        headers: dict[str, str] | None = None,  # noqa: ARG002  KServe passes it by name
        response_headers: dict[str, str] | None = None,  # noqa: ARG002
    ) -> InferResponse:
        """Answer one request."""
        given = payload.inputs[0]
        (result,) = self._session.run(None, {given.name: given.as_numpy()})
        return get_predict_response(payload, result, self.name)


if __name__ == "__main__":
    model, http_port, grpc_port = told()
    ModelServer(
        http_port=http_port, grpc_port=grpc_port, workers=1, enable_latency_logging=False
    ).start([OnnxModel(model)])
