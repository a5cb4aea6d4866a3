"""The three ways a tensor travels: JSON, binary, gRPC. Each asks once to see that the answer is
right, and many times to see how fast it comes.
"""

import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPMessage
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from bench.runtime import load
from bench.runtime.arithmetic import Run
from bench.runtime.load import Burst
from bench.runtime.models import INPUT, Array, Sample
from bench.runtime.process import Process, ServerError

PATH = "/v2/models/model/infer"
_LENGTH = "Inference-Header-Content-Length"
_PATIENCE = 10


@dataclass(frozen=True, slots=True)
class Answer:
    """A tensor that came back, in so many bytes."""

    tensor: Array
    size: int


class Wire(Protocol):
    """One way to ask."""

    def write(self, sample: Sample) -> bytes:
        """Make the body that is sent again and again."""

    def ask(self, server: Process, body: bytes) -> Answer:
        """Send it once and read the answer."""

    def load(self, server: Process, body: Path, answer: Answer, burst: Burst) -> Run:
        """Send it for a while."""


@dataclass(frozen=True, slots=True)
class Json:
    """The protocol's plain JSON."""

    def write(self, sample: Sample) -> bytes:
        tensor = {**_head(sample), "data": sample.given.ravel().tolist()}
        return json.dumps({"id": "1", "inputs": [tensor]}, separators=(",", ":")).encode()

    def ask(self, server: Process, body: bytes) -> Answer:
        content, _ = _post(server.port, body, self._headers())
        output = json.loads(content)["outputs"][0]
        return Answer(np.array(output["data"], np.float32).reshape(output["shape"]), len(content))

    def load(self, server: Process, body: Path, answer: Answer, burst: Burst) -> Run:  # noqa: ARG002
        return load.http(server.port, PATH, self._headers(), body, burst)

    def _headers(self) -> Mapping[str, str]:
        return {"Content-Type": "application/json"}


@dataclass(frozen=True, slots=True)
class Binary:
    """JSON with the tensors behind it, as they lie in memory, in both directions."""

    def write(self, sample: Sample) -> bytes:
        return _binary_head(sample) + sample.given.tobytes()

    def ask(self, server: Process, body: bytes) -> Answer:
        content, headers = _post(server.port, body, self._headers(body))
        length = int(headers[_LENGTH] or len(content))
        output = json.loads(content[:length])["outputs"][0]
        tensor = np.frombuffer(content[length:], np.float32).reshape(output["shape"])
        return Answer(tensor, len(content))

    def load(self, server: Process, body: Path, answer: Answer, burst: Burst) -> Run:  # noqa: ARG002
        return load.http(server.port, PATH, self._headers(body.read_bytes()), body, burst)

    def _headers(self, body: bytes) -> Mapping[str, str]:
        length = str(body.index(b"}]}") + 3)
        return {"Content-Type": "application/octet-stream", _LENGTH: length}


@dataclass(frozen=True, slots=True)
class Grpc:
    """The protocol's gRPC, with raw contents; a body is a message as HTTP/2 carries it."""

    def write(self, sample: Sample) -> bytes:
        pb = _messages()
        tensor = pb.ModelInferRequest.InferInputTensor(**_head(sample))
        message: bytes = pb.ModelInferRequest(
            model_name="model",
            id="1",
            inputs=[tensor],
            raw_input_contents=[sample.given.tobytes()],
        ).SerializeToString()
        return _frame(message)

    def ask(self, server: Process, body: bytes) -> Answer:
        import grpc

        with grpc.insecure_channel(f"127.0.0.1:{server.grpc_port}") as channel:
            call: Any = channel.unary_unary("/inference.GRPCInferenceService/ModelInfer")
            try:
                message: bytes = call(body[5:], timeout=_PATIENCE)
            except grpc.RpcError as error:
                raise ServerError(f"gRPC: {error}") from None
        return Answer(_tensor(_messages().ModelInferResponse.FromString(message)), len(message) + 5)

    def load(self, server: Process, body: Path, answer: Answer, burst: Burst) -> Run:
        return load.grpc(server.grpc_port, body, answer.size, burst)


def check(answer: Answer, sample: Sample) -> None:
    """Refuse an answer that is not the right one."""
    if answer.tensor.shape != sample.expected.shape:
        raise ServerError(f"wrong answer: {answer.tensor.shape} instead of {sample.expected.shape}")
    if not np.allclose(answer.tensor, sample.expected, rtol=1e-3, atol=1e-5):
        raise ServerError(f"wrong answer: {answer.tensor.ravel()[:4]}")


def _head(sample: Sample) -> dict[str, Any]:
    return {"name": INPUT, "datatype": "FP32", "shape": list(sample.given.shape)}


def _binary_head(sample: Sample) -> bytes:
    tensor = {**_head(sample), "parameters": {"binary_data_size": sample.given.nbytes}}
    document = {"id": "1", "parameters": {"binary_data_output": True}, "inputs": [tensor]}
    return json.dumps(document, separators=(",", ":")).encode()


def _post(port: int, body: bytes, headers: Mapping[str, str]) -> tuple[bytes, HTTPMessage]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_PATIENCE)
    try:
        connection.request("POST", PATH, body, dict(headers))
        answer = connection.getresponse()
        content = answer.read()
        if answer.status != 200:
            raise ServerError(
                f"it answers {answer.status}: {content[:200].decode('utf-8', 'replace')}"
            )
        return content, answer.headers
    except (OSError, http.client.HTTPException) as error:
        raise ServerError(f"{type(error).__name__}: {error}") from None
    finally:
        connection.close()


def _messages() -> Any:
    """Load the protocol's messages late: they cost half a second."""
    from tritonclient.grpc import service_pb2

    return service_pb2


def _frame(message: bytes) -> bytes:
    return b"\0" + len(message).to_bytes(4, "big") + message


def _tensor(answer: Any) -> Array:
    output = answer.outputs[0]
    if answer.raw_output_contents:
        flat = np.frombuffer(answer.raw_output_contents[0], np.float32)
    else:
        flat = np.array(output.contents.fp32_contents, np.float32)
    return flat.reshape(list(output.shape))
