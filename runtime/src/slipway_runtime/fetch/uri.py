"""The forms in which a user may say where a model is. Pure."""

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import SplitResult, unquote, urlsplit

from slipway_runtime.errors import ModelError, Reason

_PORTS: Final = {"http": 80, "https": 443}
_FORMS: Final = (
    "http(s)://host/path/model.onnx, s3://bucket/key.onnx, pvc://claim/path/model.onnx, "
    "oci://registry/repository@sha256:digest#path/model.onnx"
)
# Whatever is not plain may mean one host to the allow-list and another to the connection.
_HOST: Final = re.compile(r"([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:\d+)?")
_DIGEST: Final = re.compile(r"@sha256:[0-9a-f]{64}$")


@dataclass(frozen=True, slots=True)
class HttpSource:
    """A file on a web server."""

    url: str


@dataclass(frozen=True, slots=True)
class S3Source:
    """An object in an S3 bucket."""

    bucket: str
    key: str


@dataclass(frozen=True, slots=True)
class VolumeSource:
    """A file in a mounted volume; without a path, the only model in it."""

    path: str | None
    pinned: bool


Source = HttpSource | S3Source | VolumeSource


def parse(uri: str) -> Source:
    """Read a URI; refuse what is none of the forms."""
    if not uri.isprintable() or " " in uri or "\\" in uri:
        raise refused("the URI has characters that no URI has; percent-encode them")
    try:
        parts = urlsplit(uri)
        port = parts.port
    except ValueError:
        raise refused(f"the URI is malformed; it must be one of {_FORMS}") from None
    if parts.username is not None and parts.scheme != "oci":
        raise refused("the URI carries credentials; use spec.model.credentials.secretName instead")
    if port == 0 or not parts.netloc:
        raise refused(f"the URI names no host; it must be one of {_FORMS}")
    return _by_scheme(uri, parts)


def _by_scheme(uri: str, parts: SplitResult) -> Source:
    if parts.scheme in _PORTS:
        if not _HOST.fullmatch(parts.netloc):
            raise refused("the URI's host is no plain name or address; write it in ASCII")
        return HttpSource(parts._replace(fragment="").geturl())
    if parts.scheme == "s3":
        key = uri.split("://", 1)[1].partition("/")[2]
        if not key or key.endswith("/"):
            raise refused("an s3 URI needs a bucket and a key: s3://bucket/key.onnx")
        return S3Source(parts.netloc, unquote(key))
    if parts.scheme == "pvc":
        return VolumeSource(_inside(parts.path), pinned=False)
    if parts.scheme == "oci":
        pinned = _DIGEST.search(parts.netloc + parts.path) is not None
        return VolumeSource(_inside(parts.fragment) if parts.fragment else None, pinned)
    raise refused(f"unknown scheme '{parts.scheme}'; the URI must be one of {_FORMS}")


def _inside(path: str) -> str:
    segments = [segment for segment in unquote(path).split("/") if segment not in ("", ".")]
    if not segments or ".." in segments or "\0" in unquote(path):
        raise refused("the path must lead to a file inside the volume, without '..'")
    return "/".join(segments)


def origin(uri: str) -> tuple[str, str]:
    """Name the source for the allow-list: scheme://host, without and with its port."""
    parts = urlsplit(uri)
    host = parts.netloc.rpartition("@")[2] if parts.scheme != "oci" else parts.netloc
    if parts.scheme not in _PORTS:
        return (f"{parts.scheme}://{host.partition('@')[0].lower()}",) * 2
    name = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    port = parts.port or _PORTS[parts.scheme]
    bare = f"{parts.scheme}://{name}"
    full = f"{bare}:{port}"
    return (bare if port == _PORTS[parts.scheme] else full, full)


def redacted(url: str) -> str:
    """Write a URL without its query, which may hold a token."""
    parts = urlsplit(url)
    return parts._replace(query="..." if parts.query else "", fragment="").geturl()


def refused(words: str) -> ModelError:
    """Say that this source is not allowed, and why."""
    return ModelError(Reason.SOURCE_REFUSED, words)
