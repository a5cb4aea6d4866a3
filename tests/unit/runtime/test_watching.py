import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from slipway_runtime.watching import Watch, stamp


@asynccontextmanager
async def noted(watch: Watch) -> AsyncIterator[list[None]]:
    """Count the changes that a watch reports meanwhile."""
    changes: list[None] = []

    async def follow() -> None:
        async for change in watch.changes():
            changes.append(change)  # noqa: PERF401 - seen from outside while it goes on

    task = asyncio.create_task(follow())
    try:
        await asyncio.sleep(0.1)
        yield changes
    finally:
        task.cancel()


async def soon(changes: list[None], count: int) -> None:
    async with asyncio.timeout(5):
        while len(changes) < count:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    await asyncio.sleep(0.2)
    assert len(changes) == count


async def test_a_file_that_is_renamed_over_is_a_change(tmp_path: Path) -> None:
    path, new = tmp_path / "file", tmp_path / "new"
    path.write_text("one")
    async with noted(Watch([path], 0.02)) as changes:
        new.write_text("two")
        new.replace(path)
        await soon(changes, 1)


async def test_a_link_that_is_swapped_is_a_change(tmp_path: Path) -> None:
    """As the kubelet does it: file -> ..data/file, ..data -> a folder; the second is swapped."""
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "file").write_text("same")
        os.utime(tmp_path / folder / "file", (1, 1))
    (tmp_path / "..data").symlink_to("one")
    (tmp_path / "file").symlink_to("..data/file")
    async with noted(Watch([tmp_path / "file"], 0.02)) as changes:
        (tmp_path / "swap").symlink_to("two")
        (tmp_path / "swap").replace(tmp_path / "..data")
        await soon(changes, 1)


async def test_a_file_that_still_grows_is_no_change_yet(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("one")
    async with noted(Watch([path], 0.05)) as changes:
        with path.open("a") as file:
            for _ in range(60):
                file.write("more")
                file.flush()
                await asyncio.sleep(0.01)
        assert changes == []
        await soon(changes, 1)


async def test_a_file_that_comes_back_the_same_is_no_change(tmp_path: Path) -> None:
    path, aside = tmp_path / "file", tmp_path / "aside"
    path.write_text("one")
    async with noted(Watch([path], 0.02)) as changes:
        path.rename(aside)
        aside.rename(path)
        await asyncio.sleep(0.3)
        assert changes == []


async def test_it_can_be_told_to_look_at_once(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("one")
    watch = Watch([path], 3600)
    async with noted(watch) as changes:
        watch.hurry()
        await soon(changes, 1)


def test_what_is_not_there_has_no_stamp(tmp_path: Path) -> None:
    (tmp_path / "circle").symlink_to("circle")
    assert stamp(tmp_path / "nothing") is None
    assert stamp(tmp_path / "circle") is None
