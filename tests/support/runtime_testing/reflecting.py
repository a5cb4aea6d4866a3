"""A tool that knows nothing of the protocol, and learns it by reflection: `python ... host:port`.

In a process of its own, so that no definition is there but the server's.
"""

import sys
from typing import Any

import grpc
import numpy as np
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import (
    ProtoReflectionDescriptorDatabase,
)

SERVICES = {
    "grpc.health.v1.Health",
    "grpc.reflection.v1alpha.ServerReflection",
    "inference.GRPCInferenceService",
}


def check(address: str) -> None:
    with grpc.insecure_channel(address) as channel:
        known = ProtoReflectionDescriptorDatabase(channel)
        assert set(known.get_services()) == SERVICES
        pool = DescriptorPool(known)
        for service in SERVICES:
            assert pool.FindServiceByName(service).methods
        health = call(channel, pool, "grpc.health.v1.Health", "Check")
        assert health.status == 1
        tensor = {"name": "X", "datatype": "FP32", "shape": [1, 4]}
        answer = call(
            channel,
            pool,
            "inference.GRPCInferenceService",
            "ModelInfer",
            model_name="healthy",
            inputs=[{**tensor, "contents": {"fp32_contents": [1, 2, 3, 4]}}],
        )
        told = np.frombuffer(answer.raw_output_contents[0], np.float32)
        assert told.tolist() == [1, 2, 3, 4]


def call(channel: Any, pool: DescriptorPool, service: str, name: str, **fields: Any) -> Any:
    method = pool.FindServiceByName(service).methods_by_name[name]
    request = GetMessageClass(method.input_type)(**fields)
    path = f"/{service}/{name}"
    answer = channel.unary_unary(path)(request.SerializeToString(), timeout=30)
    return GetMessageClass(method.output_type).FromString(answer)


if __name__ == "__main__":
    check(sys.argv[1])
    print("all is well")
