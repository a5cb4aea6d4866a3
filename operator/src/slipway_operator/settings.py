"""The operator's settings, read once from the environment and refused in plain words when wrong.

Nothing else reads the environment.
"""

import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from slipway_operator.api.quantities import parse_quantity
from slipway_operator.desired.revisions import Defaults

_PULL_POLICIES: Final = ("Always", "IfNotPresent", "Never")


class SettingsError(ValueError):
    """A setting is missing or wrong; the message says which and what to write."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One environment variable, for `--help` and the reference."""

    name: str
    default: str
    meaning: str


SETTINGS: Final = (
    Setting("SLIPWAY_RUNTIME_IMAGE", "", "runtime image of revisions that name none (required)"),
    Setting("SLIPWAY_NAMESPACE", "slipway-system", "the operator's own namespace, for its Lease"),
    Setting("SLIPWAY_POD_NAME", "", "this replica's name in the Lease (default: the host's name)"),
    Setting("SLIPWAY_WATCH_NAMESPACES", "", "namespaces to serve, comma-separated (default: all)"),
    Setting("SLIPWAY_MODEL_SIZE_LIMIT", "4Gi", "largest model that may be fetched"),
    Setting("SLIPWAY_ALLOWED_SOURCES", "", "patterns of allowed sources (default: all)"),
    Setting("SLIPWAY_IMAGE_PULL_POLICY", "IfNotPresent", "pull policy of the runtime image"),
    Setting("SLIPWAY_PORT", "8081", "port of /livez, /readyz and /metrics"),
    Setting("SLIPWAY_WORKERS", "4", "how many ModelDeployments are reconciled at the same time"),
)


@dataclass(frozen=True, slots=True)
class Settings:
    """The operator's settings."""

    defaults: Defaults
    namespace: str
    identity: str
    watch_namespaces: tuple[str, ...]
    port: int
    workers: int


def read_settings(environ: Mapping[str, str]) -> Settings:
    """Read the settings from environment variables."""
    text = {item.name: environ.get(item.name) or item.default for item in SETTINGS}
    if not text["SLIPWAY_RUNTIME_IMAGE"]:
        raise SettingsError("SLIPWAY_RUNTIME_IMAGE is not set: name the image that runs models")
    policy = text["SLIPWAY_IMAGE_PULL_POLICY"]
    if policy not in _PULL_POLICIES:
        raise SettingsError(
            f"SLIPWAY_IMAGE_PULL_POLICY is {policy!r}: write one of {_PULL_POLICIES}"
        )
    return Settings(
        defaults=Defaults(
            image=text["SLIPWAY_RUNTIME_IMAGE"],
            image_pull_policy=policy,
            model_size_limit=_read(text, "SLIPWAY_MODEL_SIZE_LIMIT", _read_size),
            allowed_sources=text["SLIPWAY_ALLOWED_SOURCES"],
        ),
        namespace=text["SLIPWAY_NAMESPACE"],
        identity=text["SLIPWAY_POD_NAME"] or socket.gethostname(),
        watch_namespaces=_words(text["SLIPWAY_WATCH_NAMESPACES"]),
        port=_read(text, "SLIPWAY_PORT", int),
        workers=_read(text, "SLIPWAY_WORKERS", int),
    )


def _read(text: Mapping[str, str], name: str, reader: Callable[[str], int]) -> int:
    try:
        value = reader(text[name])
    except ValueError as error:
        raise SettingsError(f"{name} is {text[name]!r}: {error}") from error
    if value < 1:
        raise SettingsError(f"{name} is {text[name]!r}: write a number above zero")
    return value


def _read_size(text: str) -> int:
    return int(parse_quantity(text))


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(",") if word.strip())
