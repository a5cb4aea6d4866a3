"""A model in a volume that is mounted here, and the files that belong to it.

The volume is its user's own, and hostile all the same: nothing outside of it is ever read.
"""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final

from slipway_runtime.errors import ModelError, Reason
from slipway_runtime.fetch.progress import Progress
from slipway_runtime.fetch.uri import VolumeSource, refused
from slipway_runtime.fetch.verify import CHUNK, Sink

_MOST_ENTRIES: Final = 100_000


def find(source: VolumeSource, volume: Path) -> Path:
    """Find the model's file; it may be a link, as long as it stays in the volume."""
    if not volume.is_dir():
        raise ModelError(Reason.FETCH_FAILED, f"nothing is mounted at {volume}")
    return volume / source.path if source.path else _only_model(volume)


def _only_model(volume: Path) -> Path:
    models = sorted(_models(volume))
    if not models:
        raise ModelError(Reason.MODEL_NOT_FOUND, "the image has no file that ends in .onnx")
    if len(models) > 1:
        names = ", ".join(str(path.relative_to(volume)) for path in models[:5])
        raise ModelError(
            Reason.MODEL_NOT_FOUND,
            f"the image has {len(models)} models ({names}); name one: oci://...#path/model.onnx",
        )
    return models[0]


def _models(volume: Path) -> Iterator[Path]:
    entries = 0
    for folder, _, names in os.walk(volume):
        entries += len(names)
        if entries > _MOST_ENTRIES:
            raise refused("the image has too many files to look through; name the model's path")
        yield from (Path(folder, name) for name in names if name.endswith(".onnx"))


def copy(path: Path, volume: Path, sink: Sink) -> None:
    """Fill the sink from a file of the volume."""
    with _open(path, volume) as file:
        total = os.fstat(file.fileno()).st_size
        sink.expect(total)
        progress = Progress(total)
        while chunk := file.read(CHUNK):
            sink.write(chunk)
            progress.tell(sink.size)


@contextmanager
def _open(path: Path, volume: Path) -> Iterator[BinaryIO]:
    name = path.relative_to(volume)
    try:
        file = _opened(path)
    except (FileNotFoundError, NotADirectoryError):
        raise ModelError(Reason.MODEL_NOT_FOUND, f"the volume has no file {name}") from None
    except OSError as error:
        raise ModelError(
            Reason.FETCH_FAILED, f"cannot read {name} in the volume: {error.strerror}"
        ) from None
    with file:
        _expect_inside(file.fileno(), name, volume)
        yield file


def _opened(path: Path) -> BinaryIO:
    """Open a pipe at once too, so that it can be refused."""
    return open(path, "rb", opener=lambda name, flags: os.open(name, flags | os.O_NONBLOCK))


def _expect_inside(descriptor: int, name: Path, volume: Path) -> None:
    """Check the file that is open, not the name: the name may lead elsewhere by now."""
    real = Path(os.readlink(f"/proc/self/fd/{descriptor}"))
    if not real.is_relative_to(volume.resolve()):
        raise refused(f"{name} is a link that leads out of the volume")
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        raise refused(f"{name} is not a regular file")
