import asyncio
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway_runtime.server.auth import OPEN, Guard, Keys, KeysError
from slipway_runtime.watching import Watch

KEY = b"0123456789abcdef"
OTHER = b"fedcba9876543210"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "keys"
    path.write_bytes(b"# two of them\n\n" + KEY + b"\r\n  " + OTHER + b"\n")
    return path


@pytest.mark.parametrize(
    "header",
    [
        (b"authorization", b"Bearer " + KEY),
        (b"authorization", b"bearer   " + KEY + b" "),
        (b"x-api-key", KEY),
        (b"x-api-key", OTHER),
    ],
)
def test_a_valid_key_opens(file: Path, header: tuple[bytes, bytes]) -> None:
    assert Keys((file,)).allowed([(b"host", b"x"), header])


@pytest.mark.parametrize(
    "header",
    [
        (b"host", KEY),
        (b"authorization", KEY),
        (b"authorization", b"Basic " + KEY),
        (b"authorization", b"Bearer"),
        (b"authorization", b"Bearer "),
        (b"x-api-key", b""),
        (b"x-api-key", KEY[:-1]),
        (b"x-api-key", KEY + b"0"),
        (b"x-api-key", KEY.upper()),
        (b"x-api-key", b"# two of them"),
    ],
)
def test_anything_else_does_not(file: Path, header: tuple[bytes, bytes]) -> None:
    assert not Keys((file,)).allowed([header])


@given(st.lists(st.tuples(st.sampled_from([b"authorization", b"x-api-key"]), st.binary())))
def test_no_header_opens_by_accident(headers: list[tuple[bytes, bytes]]) -> None:
    with NamedTemporaryFile() as file:
        file.write(KEY)
        file.flush()
        assert not Keys((Path(file.name),)).allowed(headers)


def test_the_keys_of_several_files_are_valid(tmp_path: Path) -> None:
    for name, key in (("one", KEY), ("two", OTHER)):
        (tmp_path / name).write_bytes(key)

    keys = Keys((tmp_path / "one", tmp_path / "two"))

    assert all(keys.allowed([(b"x-api-key", key)]) for key in (KEY, OTHER))


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"", "no key in"), (b"# nothing\n", "no key in"), (b"short\n", "less than 16 characters")],
)
def test_keys_that_protect_nothing_are_refused(file: Path, content: bytes, words: str) -> None:
    file.write_bytes(content)
    with pytest.raises(KeysError, match=words):
        Keys((file,))


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(KeysError, match=r"nothing cannot be read: No such file"):
        Keys((tmp_path / "nothing",))


def put(file: Path, content: bytes) -> None:
    file.write_bytes(content)


async def test_new_keys_are_taken_and_the_old_kept_while_there_are_none(file: Path) -> None:
    keys = Keys((file,))
    task = asyncio.create_task(keys.follow(Watch([file], 0.02)))
    new = b"a key that is new"
    try:
        put(file, b"")
        await asyncio.sleep(0.2)
        assert keys.allowed([(b"x-api-key", KEY)])

        put(file, new)
        async with asyncio.timeout(5):
            while not keys.allowed([(b"x-api-key", new)]):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        assert not keys.allowed([(b"x-api-key", KEY)])
    finally:
        task.cancel()


async def ask(guard: Guard, path: str, *headers: tuple[bytes, bytes]) -> list[Any]:
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    await guard({"type": "http", "path": path, "headers": list(headers)}, receive, send)
    return sent


async def answering(_: Any, __: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/predict", 401),
        ("/", 401),
        ("/docs", 401),
        ("/v2", 401),
        ("/v2/models/iris", 401),
        ("/v2/models/iris/infer", 401),
        ("/v2/repository/index", 401),
        ("/v2/health/livex", 401),
        ("/metrics/../predict", 401),
        ("/v2/health/live", 200),
        ("/v2/health/ready", 200),
        ("/v2/models/iris/ready", 200),
        ("/v2/models/iris/versions/1/ready", 200),
        ("/metrics", 200),
    ],
)
async def test_probes_and_scrapes_alone_are_answered_without_a_key(
    file: Path, path: str, status: int
) -> None:
    sent = await ask(Guard(answering, Keys((file,)), OPEN), path)
    assert sent[0]["status"] == status


async def test_these_can_be_closed_too(file: Path) -> None:
    guard = Guard(answering, Keys((file,)), [])
    assert (await ask(guard, "/metrics"))[0]["status"] == 401
    assert (await ask(guard, "/metrics", (b"x-api-key", KEY)))[0]["status"] == 200


async def test_a_refusal_says_what_is_needed(file: Path) -> None:
    start, body, end = await ask(Guard(answering, Keys((file,)), OPEN), "/predict")
    assert (b"www-authenticate", b'Bearer realm="slipway"') in start["headers"]
    assert (b"content-type", b"application/json") in start["headers"]
    assert b'{"error":"a key is needed' in body["body"]
    assert not end["more_body"]
