"""Which method of the protocol is answered by what.

Handlers take and give bytes: gRPC's generated wrappers would copy what the codec reads in place,
and would answer a broken message with a Python exception's name.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, TypeAlias, TypeVar

import grpc
from google.protobuf.message import DecodeError, Message

from slipway_runtime.errors import RefusedError, bad_request
from slipway_runtime.grpcserver import service
from slipway_runtime.grpcserver.compression import inflate, is_compressed
from slipway_runtime.grpcserver.predictions import Predictions
from slipway_runtime.grpcserver.service import Service
from slipway_runtime.grpcserver.status import Context, abort, refusal, refusing
from slipway_runtime.messages import open_inference_pb2 as pb

Handler: TypeAlias = "grpc.RpcMethodHandler[bytes, bytes]"
_Asked = TypeVar("_Asked", bound=Message)
_LARGEST: Final = 1024 * 1024
"""Bytes of a request that is no prediction."""


class Methods(grpc.GenericRpcHandler):
    """Finds the handler of a call of this protocol, and says so where there is none."""

    def __init__(self, answers: Service, predictions: Predictions) -> None:
        self._handlers = _handlers(answers, predictions)

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> "Handler | None":
        """Find it, by the path of the call."""
        path = handler_call_details.method
        found = self._handlers.get(path)
        if found is None and path.startswith(f"/{service.NAME}/"):
            method = path.rpartition("/")[2]
            return refusing(RefusedError(501, f"{method:.80} is not served here"))
        return found


def _handlers(answers: Service, predictions: Predictions) -> Mapping[str, Handler]:
    unary: dict[str, tuple[type[Message], Callable[[Any], Awaitable[Message]]]] = {
        "ServerLive": (pb.ServerLiveRequest, answers.server_live),
        "ServerReady": (pb.ServerReadyRequest, answers.server_ready),
        "ModelReady": (pb.ModelReadyRequest, answers.model_ready),
        "ServerMetadata": (pb.ServerMetadataRequest, answers.server_metadata),
        "ModelMetadata": (pb.ModelMetadataRequest, answers.model_metadata),
        "ModelConfig": (pb.ModelConfigRequest, answers.model_config),
        "ModelStatistics": (pb.ModelStatisticsRequest, answers.model_statistics),
        "RepositoryIndex": (pb.RepositoryIndexRequest, answers.repository_index),
        "RepositoryModelLoad": (pb.RepositoryModelLoadRequest, answers.load),
        "RepositoryModelUnload": (pb.RepositoryModelUnloadRequest, answers.unload),
    }
    handlers = {name: _unary(*pair) for name, pair in unary.items()}
    handlers["ModelInfer"] = grpc.unary_unary_rpc_method_handler(predictions.infer)
    handlers["ModelStreamInfer"] = grpc.stream_stream_rpc_method_handler(predictions.stream)
    return {f"/{service.NAME}/{name}": handler for name, handler in handlers.items()}


def _unary(kind: type[_Asked], answer: Callable[[_Asked], Awaitable[Message]]) -> Handler:
    async def call(octets: bytes, context: Context) -> bytes:
        try:
            return (await answer(_read(kind, octets))).SerializeToString()
        except Exception as error:
            await abort(context, refusal(error))

    return grpc.unary_unary_rpc_method_handler(call)


def _read(kind: type[_Asked], octets: bytes) -> _Asked:
    plain = inflate(octets, _LARGEST) if is_compressed(octets) else octets
    if len(plain) > _LARGEST:
        raise RefusedError(413, f"a {kind.__name__} is at most a MiB")
    try:
        return kind.FromString(plain)
    except DecodeError:
        raise bad_request(f"the message is no {kind.__name__}") from None
