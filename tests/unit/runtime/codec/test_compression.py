import gzip
import zlib
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway_runtime.codec.compression import coding, decompress, wished
from slipway_runtime.errors import RefusedError
from slipway_runtime.inference import Headers
from slipway_runtime.signature import Tensor

MIB = 2**20
WAYS: dict[bytes, Callable[[bytes], bytes]] = {b"gzip": gzip.compress, b"deflate": zlib.compress}


class Plain:
    """An answer as it is."""

    def write(self, _: Sequence[Tensor]) -> tuple[bytes, Headers]:
        return b'{"a":1}', ((b"x", b"y"),)


def refusal(body: bytes, name: bytes, largest: int = MIB) -> RefusedError:
    with pytest.raises(RefusedError) as caught:
        decompress(body, name, largest)
    return caught.value


@given(st.binary(), st.sampled_from([b"gzip", b"deflate"]))
def test_what_was_compressed_comes_back(content: bytes, name: bytes) -> None:
    assert decompress(WAYS[name](content), name, MIB) == content


@pytest.mark.parametrize("name", WAYS)
def test_a_body_may_become_as_large_as_allowed_and_not_a_byte_larger(name: bytes) -> None:
    assert len(decompress(WAYS[name](bytes(MIB)), name, MIB)) == MIB
    error = refusal(WAYS[name](bytes(MIB + 1)), name)

    assert error.status == 413
    assert "larger than 1 MiB, decompressed" in error.message


@pytest.mark.parametrize("name", WAYS)
def test_a_bomb_is_never_unpacked(name: bytes) -> None:
    bomb = WAYS[name](bytes(64 * MIB))

    assert refusal(bomb, name).status == 413


@pytest.mark.parametrize("name", WAYS)
@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda _: b"{}", "the body is not"),
        (lambda _: b"", "in the middle of its"),
        (lambda body: body[:-1], "in the middle of its"),
        (lambda body: body[: len(body) // 2], "in the middle of its"),
        (lambda body: body + b"x", "1 bytes follow the"),
        (lambda body: body + body, "bytes follow the"),
        (lambda body: body[:-4] + b"\0\0\0\0", "the body is not"),
    ],
    ids=["no stream", "nothing", "cut", "half", "more", "twice", "a wrong sum"],
)
def test_a_spoilt_body_is_refused_in_words(
    name: bytes, spoil: Callable[[bytes], bytes], words: str
) -> None:
    error = refusal(spoil(WAYS[name](b'{"inputs": []}' * 20)), name)

    assert error.status == 400
    assert words in error.message


def test_only_gzip_and_deflate_are_understood() -> None:
    assert coding(None) is None
    assert coding(b"identity") is None
    assert coding(b"GZIP") == b"gzip"
    assert coding(b"deflate") == b"deflate"
    for name in (b"br", b"gzip, gzip", b"\xff"):
        with pytest.raises(RefusedError) as caught:
            coding(name)
        assert caught.value.status == 415
        assert caught.value.headers == (("accept-encoding", "gzip, deflate"),)


@pytest.mark.parametrize("name", WAYS)
def test_an_answer_is_compressed_for_a_client_that_names_one_coding(name: bytes) -> None:
    body, headers = wished(Plain(), name).write([])

    assert headers == ((b"x", b"y"), (b"content-encoding", name))
    assert decompress(body, name, MIB) == b'{"a":1}'


@pytest.mark.parametrize(
    "accept", [None, b"", b"*", b"identity", b"br", b"gzip, deflate", b"gzip, deflate, br, zstd"]
)
def test_an_answer_is_not_compressed_by_habit(accept: bytes | None) -> None:
    plain = Plain()

    assert wished(plain, accept) is plain
