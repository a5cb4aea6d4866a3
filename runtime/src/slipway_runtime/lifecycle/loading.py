"""From a file to a model that can answer. Imported late, and run in a thread of its own.

Importing it imports the model's libraries; the server must not.
"""

from collections.abc import Iterable

from slipway_runtime.cgroup import Limits
from slipway_runtime.codec.bounds import Bounds
from slipway_runtime.engine import onnx
from slipway_runtime.engine.base import Engine
from slipway_runtime.errors import ModelError, Reason, too_large
from slipway_runtime.lifecycle import program
from slipway_runtime.model import Model
from slipway_runtime.onnx_file import external
from slipway_runtime.onnx_file.contents import inspect
from slipway_runtime.predict import SimpleApi
from slipway_runtime.rules import parse
from slipway_runtime.settings import ServeSettings
from slipway_runtime.torchscript_file.archive import is_torchscript

_MIB = 1024 * 1024


def load(settings: ServeSettings, limits: Limits) -> Model:
    """Check, open and describe the model; raise `ModelError` in words a user understands."""
    if not settings.path.is_file():
        raise ModelError(Reason.LOAD_FAILED, f"there is no file {settings.path}")
    engine = _open(settings, limits)
    rules = parse(settings.inputs, engine.signature)
    bounds = Bounds(settings.limits.nesting, settings.limits.elements)
    simple = SimpleApi(engine.signature, rules, bounds)
    return Model(settings.identity, engine, rules, simple)


def _open(settings: ServeSettings, limits: Limits) -> Engine:
    if is_torchscript(settings.path):
        _expect_room(settings, (), limits)
        return program.load(settings.path, settings.engine, threads=1)
    locations = inspect(settings.path).external
    external.check_names(locations)
    external.check_sizes(settings.path.parent, locations)
    _expect_room(settings, locations, limits)
    return onnx.load(settings.path, settings.engine, threads=1)


def _expect_room(settings: ServeSettings, locations: Iterable[str], limits: Limits) -> None:
    files = [settings.path, *(settings.path.parent / location for location in locations)]
    size = sum(file.stat().st_size for file in files if file.is_file())
    if limits.memory is not None and size > limits.memory:
        raise too_large(
            f"the model has {size / _MIB:.0f} MiB, the limit is {limits.memory / _MIB:.0f} MiB"
        )
