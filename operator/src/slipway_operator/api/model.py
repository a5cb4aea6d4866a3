"""`spec.model`: which model to serve, where it comes from, and what its inputs may be.

Fetching and checking are the runtime's work; this module only says what may be asked for.
"""

from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import Field

from slipway_operator.api.base import ApiModel, Rule
from slipway_operator.api.quantities import IntOrString


class ModelFormat(StrEnum):
    """The file format of a model."""

    ONNX = "onnx"


class InputSpec(ApiModel):
    """A constraint on one input, beside the type and shape that the model declares itself."""

    rules: ClassVar[tuple[Rule, ...]] = ()

    name: Annotated[str, Field(min_length=1, max_length=256)]
    """Name of the input, as the model declares it."""
    range: Annotated[tuple[float, ...], Field(min_length=2, max_length=2)] | None = None
    """Lowest and highest number allowed, both included."""
    values: Annotated[tuple[IntOrString, ...], Field(min_length=1, max_length=256)] | None = None
    """The only values allowed: whole numbers or strings."""
    max_length: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    """Most characters allowed in a string."""
    features: (
        Annotated[
            tuple[Annotated[str, Field(min_length=1, max_length=256)], ...],
            Field(min_length=1, max_length=4096),
        ]
        | None
    ) = None
    """Names of the columns, in the model's order; `/predict` then takes them by name."""


class Credentials(ApiModel):
    """Where the credentials for fetching the model are."""

    secret_name: Annotated[str, Field(min_length=1, max_length=253)]
    """Name of a Secret in the same namespace. Only the container that fetches the model sees it."""


class ModelSpec(ApiModel):
    """The model."""

    rules: ClassVar[tuple[Rule, ...]] = ()

    uri: Annotated[str, Field(max_length=2048)]
    """Where the model is: an `https`, `http`, `s3`, `pvc` or `oci` address."""
    sha256: Annotated[str, Field(max_length=128)] | None = None
    """SHA-256 of the model file, 64 hex digits; required unless the URI carries a digest."""
    format: ModelFormat = ModelFormat.ONNX
    """Format of the file; always checked against its content."""
    version: Annotated[str, Field(max_length=63)] | None = None
    """The user's own label, shown in status, metrics and the header `x-slipway-version`."""
    inputs: Annotated[
        tuple[InputSpec, ...],
        Field(
            max_length=64,
            json_schema_extra={
                "x-kubernetes-list-type": "map",
                "x-kubernetes-list-map-keys": ["name"],
            },
        ),
    ] = ()
    """Constraints on inputs; a request that breaks one is refused with status 422."""
    credentials: Credentials | None = None
    """Credentials for `s3`, `https` and `http` sources."""
