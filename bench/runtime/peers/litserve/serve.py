"""LitServe with the smallest API class that its documentation knows, and its fast queue.

It always has a process for HTTP and one for the model; both get the one core.
"""

from typing import Any

import litserve
import numpy as np

from bench.runtime.peers.session import open_session, told


class OnnxApi(litserve.LitAPI):  # type: ignore[misc]
    """One ONNX model; setup() runs in the process of the model."""

    def __init__(self, path: str) -> None:
        super().__init__(api_path="/v2/models/model/infer")
        self._path = path

    def setup(self, device: str) -> None:  # noqa: ARG002  the CPU
        """Open the model."""
        self._session: Any = open_session(self._path)

    def decode_request(self, request: dict[str, Any]) -> dict[str, Any]:
        """Read the tensor."""
        given = request["inputs"][0]
        return {given["name"]: np.array(given["data"], np.float32).reshape(given["shape"])}

    def predict(self, x: dict[str, Any]) -> Any:
        """Run the model."""
        return self._session.run(None, x)[0]

    def encode_response(self, output: Any) -> dict[str, Any]:
        """Write the tensor."""
        tensor = {
            "name": "y",
            "datatype": "FP32",
            "shape": list(output.shape),
            "data": output.ravel().tolist(),
        }
        return {"model_name": "model", "outputs": [tensor]}


if __name__ == "__main__":
    model, port, _ = told()
    server = litserve.LitServer(
        OnnxApi(model), accelerator="cpu", workers_per_device=1, fast_queue=True
    )
    server.run(
        host="127.0.0.1",
        port=port,
        num_api_servers=1,
        generate_client_file=False,
        log_level="warning",
    )
