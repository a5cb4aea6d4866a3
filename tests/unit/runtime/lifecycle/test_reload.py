import asyncio
import gc
import threading
import weakref
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from slipway_runtime.errors import ModelError, Reason
from slipway_runtime.lifecycle.release import release
from slipway_runtime.lifecycle.reload import Outcome, Reloader, Report, Swapped
from slipway_runtime.watching import Watch


class Place:
    """Where one model serves. A file that says `bad` is refused; one that says `bug` is a bug."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.serving = "old"
        self.reports: list[Report] = []
        self.may_load = threading.Event()
        self.may_load.set()
        self.reloader = Reloader(self.prepare, self.swap, self.reports.append)

    def prepare(self) -> str:
        self.may_load.wait(10)
        content = self.path.read_text()
        if content == "bad":
            raise ModelError(Reason.FORMAT_REJECTED, "this is a pickle")
        return str({"new": "new", "other": "other"}[content])

    def swap(self, prepared: str) -> Swapped:
        self.serving = prepared
        return Swapped(prepared == "other", lambda: True)

    def write(self, content: str) -> None:
        fresh = self.path.with_suffix(".fresh")
        fresh.write_text(content)
        fresh.replace(self.path)

    async def told(self, count: int) -> Report:
        async with asyncio.timeout(5):
            while len(self.reports) < count:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        return self.reports[-1]


@asynccontextmanager
async def followed(folder: Path) -> AsyncIterator[Place]:
    path = folder / "model.onnx"
    path.write_text("old")
    place = Place(path)
    task = asyncio.create_task(place.reloader.follow(Watch([path], 0.02)))
    try:
        yield place
    finally:
        task.cancel()


async def test_a_new_file_takes_the_place_of_the_old(tmp_path: Path) -> None:
    async with followed(tmp_path) as place:
        place.write("new")

        report = await place.told(1)

        assert report.outcome is Outcome.LOADED
        assert not report.signature_changed
        assert place.serving == "new"


async def test_another_signature_is_told_of(tmp_path: Path) -> None:
    async with followed(tmp_path) as place:
        place.write("other")
        assert (await place.told(1)).signature_changed


async def test_a_bad_file_changes_nothing_and_the_next_good_one_is_taken(tmp_path: Path) -> None:
    async with followed(tmp_path) as place:
        place.write("bad")
        report = await place.told(1)
        assert report.outcome is Outcome.REFUSED
        assert report.message == "FormatRejected: this is a pickle"
        assert place.serving == "old"

        place.write("new")
        assert (await place.told(2)).outcome is Outcome.LOADED
        assert place.serving == "new"


async def test_a_bug_while_loading_is_a_refusal(tmp_path: Path) -> None:
    async with followed(tmp_path) as place:
        place.write("bug")
        assert "KeyError" in (await place.told(1)).message
        assert place.serving == "old"


async def test_a_file_written_again_while_it_is_loaded_is_loaded_again(tmp_path: Path) -> None:
    async with followed(tmp_path) as place:
        place.may_load.clear()
        place.write("new")
        while not place.reloader.busy:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        place.write("other")
        place.may_load.set()

        assert "changed while" in (await place.told(1)).message
        assert place.serving == "old"
        assert (await place.told(2)).outcome is Outcome.LOADED
        assert place.serving == "other"


async def test_memory_is_looked_for_until_the_old_model_is_gone() -> None:
    class Cycle:
        def __init__(self) -> None:
            self.itself = self

    old = Cycle()
    alive = weakref.ref(old)
    gc.freeze()
    request = [old]
    del old
    task = asyncio.create_task(release(lambda: alive() is None, (0.0, 0.1, 0.1, 0.1, 60.0)))
    await asyncio.sleep(0.15)
    assert alive() is not None, "its last request has not ended"

    request.clear()

    await asyncio.wait_for(task, 5)
    assert alive() is None
    gc.unfreeze()
