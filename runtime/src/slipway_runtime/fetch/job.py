"""The whole of `fetch`: from a URI to a verified model in a folder, or a reason why not.

Nothing is parsed before its sha256 is right. `model.onnx` appears last, in one step, so that a
run that was killed at any point can simply be repeated.
"""

import errno
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from slipway_runtime.errors import ModelError, Reason
from slipway_runtime.fetch import local, verify
from slipway_runtime.fetch.policy import Policy, policy
from slipway_runtime.fetch.uri import (
    HttpSource,
    S3Source,
    Source,
    VolumeSource,
    parse,
    redacted,
    refused,
)
from slipway_runtime.fetch.verify import Budget, Sink
from slipway_runtime.onnx_file import external
from slipway_runtime.onnx_file.contents import inspect

log = logging.getLogger("slipway")

_NAME: Final = "model.onnx"


@dataclass(frozen=True, slots=True)
class Order:
    """What `fetch` is told."""

    uri: str
    sha256: str | None
    size_limit: int
    source_dir: Path | None
    dest: Path


def fetch(order: Order, environment: Mapping[str, str]) -> None:
    """Get the model, or raise `ModelError`."""
    source = parse(order.uri)
    _expect_digest(order, source)
    allowed = policy(environment.get("SLIPWAY_ALLOWED_SOURCES", ""))
    allowed.expect_allowed(order.uri)
    try:
        _fetch(order, source, environment, allowed)
    except OSError as error:
        words = f"cannot write to {order.dest}: {error.strerror}"
        if error.errno == errno.ENOSPC:
            words += "; the model does not fit on the node's disk, or the volume's size limit"
        raise ModelError(Reason.FETCH_FAILED, words) from None


def _expect_digest(order: Order, source: Source) -> None:
    pinned = isinstance(source, VolumeSource) and source.pinned
    if order.sha256 is None and not pinned:
        raise refused("a sha256 is required, unless the URI is oci://...@sha256:...")


def _fetch(order: Order, source: Source, environment: Mapping[str, str], allowed: Policy) -> None:
    order.dest.mkdir(parents=True, exist_ok=True)
    verify.sweep(order.dest)
    if isinstance(source, VolumeSource):
        _from_volume(order, source)
    elif order.sha256 and verify.matches(order.dest / _NAME, order.sha256):
        log.info("%s is already there, and verified", order.dest / _NAME)
    else:
        _from_network(order, source, environment, allowed)


def _from_network(
    order: Order, source: HttpSource | S3Source, environment: Mapping[str, str], allowed: Policy
) -> None:
    # Late: a volume needs neither library.
    from slipway_runtime.fetch import http, s3

    if isinstance(source, S3Source):
        download = s3.order(source, environment, allowed)
    else:
        authorization = environment.get("HTTP_AUTHORIZATION")
        download = http.Download(source.url, allowed, redacted(source.url), authorization)
    with Sink(order.dest, _NAME, Budget(order.size_limit)) as sink:
        http.download(download, sink)
        sink.complete(order.sha256)
        locations = inspect(sink.path).external
        external.check_names(locations)
        if locations:
            raise ModelError(
                Reason.FORMAT_REJECTED,
                "the model keeps its weights in files of their own, which a single download does "
                "not bring; save it as one file, or use a pvc:// or oci:// source",
            )
        _publish(sink, order)


def _from_volume(order: Order, source: VolumeSource) -> None:
    volume = order.source_dir
    if volume is None:
        raise refused("pvc:// and oci:// sources need --source-dir, where the volume is mounted")
    budget = Budget(order.size_limit)
    path = local.find(source, volume)
    with Sink(order.dest, _NAME, budget) as sink:
        local.copy(path, volume, sink)
        sink.complete(order.sha256)
        locations = inspect(sink.path).external
        external.check_sizes(path.parent, locations)
        for weights in external.files(path.parent, locations):
            _copy_weights(weights, path.parent, volume, order.dest, budget)
        _publish(sink, order)


def _copy_weights(weights: Path, folder: Path, volume: Path, dest: Path, budget: Budget) -> None:
    location = str(weights.relative_to(folder))
    if location == _NAME:
        raise ModelError(
            Reason.FORMAT_REJECTED,
            f"the model keeps weights in a file called {_NAME}, which is what the model itself is "
            "called once fetched; save it with another name for its weights",
        )
    with Sink(dest, location, budget) as sink:
        local.copy(weights, volume, sink)
        sink.complete(None)
        sink.publish(dest / location)


def _publish(sink: Sink, order: Order) -> None:
    target = order.dest / _NAME
    sink.publish(target)
    log.info("fetched %s: %d bytes, verified", target, sink.size)
