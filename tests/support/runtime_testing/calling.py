"""A plain gRPC client with the runtime's own messages: it can say what no real client would."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import grpc
import numpy as np
from google.protobuf.message import Message

from runtime_testing.serving import PROMPT
from slipway_runtime.messages import open_inference_pb2 as pb

Request = pb.ModelInferRequest
Tensor = Request.InferInputTensor
SERVICE = "/inference.GRPCInferenceService"


@dataclass(frozen=True)
class Caller:
    """A channel, and the calls of the protocol."""

    channel: Any
    """A `grpc.Channel`, whose types know no calls of bytes."""

    def call(self, method: str, message: bytes | Message = b"", **options: Any) -> bytes:
        octets = message if isinstance(message, bytes) else message.SerializeToString()
        path = method if method.startswith("/") else f"{SERVICE}/{method}"
        answer: bytes = self.channel.unary_unary(path)(octets, **{"timeout": PROMPT, **options})
        return answer

    def infer(self, request: Request, **options: Any) -> pb.ModelInferResponse:
        return pb.ModelInferResponse.FromString(self.call("ModelInfer", request, **options))

    def refused(self, method: str, message: bytes | Message = b"", **options: Any) -> Any:
        """The error that this call ends with."""
        try:
            self.call(method, message, **options)
        except grpc.RpcError as error:
            return error
        raise AssertionError("it was not refused")


@contextmanager
def calling(port: int, **options: int) -> Iterator[Caller]:
    """Connect; `options` are the channel's, without their prefix."""
    given = [(f"grpc.{name}", value) for name, value in options.items()]
    with grpc.insecure_channel(f"127.0.0.1:{port}", options=given) as channel:
        yield Caller(channel)


def raw(model: str, *, id: str = "", **tensors: np.ndarray[Any, Any]) -> Request:  # noqa: A002
    """A request of numbers, in raw contents."""
    names = {"float32": "FP32", "int32": "INT32", "int64": "INT64"}
    return Request(
        model_name=model,
        id=id,
        inputs=[
            Tensor(name=name, datatype=names[array.dtype.name], shape=array.shape)
            for name, array in tensors.items()
        ],
        raw_input_contents=[array.tobytes() for array in tensors.values()],
    )


def numbers(answer: pb.ModelInferResponse, index: int = 0) -> np.ndarray[Any, Any]:
    """One output of numbers that are 32-bit floats."""
    shape = answer.outputs[index].shape
    return np.frombuffer(answer.raw_output_contents[index], np.float32).reshape(shape)
