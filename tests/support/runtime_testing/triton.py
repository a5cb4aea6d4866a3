"""Triton's own client at work, in a process of its own: `python triton.py host:port`.

Its event loop replaces the sockets of the whole process, which no test wants to share.
"""

import sys
from collections.abc import Callable

import numpy as np
import pytest
import tritonclient.http as triton
from tritonclient.utils import InferenceServerException


def check(url: str) -> None:
    client = triton.InferenceServerClient(url)
    health_and_metadata(client)
    numbers(client)
    errors(client)


def health_and_metadata(client: triton.InferenceServerClient) -> None:
    assert client.is_server_live()
    assert client.is_server_ready()
    assert client.is_model_ready("adder")
    assert client.is_model_ready("adder", "1")
    assert not client.is_model_ready("other")
    assert client.get_server_metadata()["name"] == "slipway"
    assert client.get_model_metadata("adder")["inputs"][0]["name"] == "A"
    assert client.get_model_metadata("adder", "1")["versions"] == ["1"]


def inputs(binary: bool = False) -> list[triton.InferInput]:
    made = []
    for name, start in (("A", 10), ("B", 1)):
        tensor = triton.InferInput(name, [2, 4], "INT32")
        values = np.arange(start, start + 8, dtype=np.int32).reshape(2, 4)
        tensor.set_data_from_numpy(values, binary_data=binary)
        made.append(tensor)
    return made


def numbers(client: triton.InferenceServerClient) -> None:
    expected = np.arange(11, 26, 2).reshape(2, 4)

    everything = client.infer("adder", inputs(), request_id="7", model_version="1")
    assert everything.get_response()["id"] == "7"
    assert (everything.as_numpy("SUM") == expected).all()
    assert everything.as_numpy("SUM").dtype == np.int32
    assert (everything.as_numpy("DIFFERENCE") == 9).all()

    for binary in (True, False):
        wanted = [triton.InferRequestedOutput("DIFFERENCE", binary_data=binary)]
        some = client.infer("adder", inputs(), outputs=wanted, priority=1, timeout=10**6)
        assert (some.as_numpy("DIFFERENCE") == 9).all()
        assert some.as_numpy("SUM") is None

    waiting = [client.async_infer("adder", inputs()) for _ in range(5)]
    assert all((pending.get_result().as_numpy("SUM") == expected).all() for pending in waiting)


def errors(client: triton.InferenceServerClient) -> None:
    refused(lambda: client.infer("adder", inputs(binary=True)), "binary tensors are not supported")
    refused(lambda: client.infer("adder", inputs()[:1]), "missing input 'B'")
    refused(lambda: client.infer("other", inputs()), "unknown model 'other'")
    refused(lambda: client.infer("adder", inputs(), model_version="9"), "no version '9'")
    refused(
        lambda: client.infer("adder", inputs(), request_compression_algorithm="gzip"),
        "compressed bodies are not supported",
    )
    assert (client.infer("adder", inputs()).as_numpy("DIFFERENCE") == 9).all()


def refused(call: Callable[[], object], words: str) -> None:
    with pytest.raises(InferenceServerException, match=words):
        call()


if __name__ == "__main__":
    check(sys.argv[1])
    print("all is well")
