"""`spec.model`: which model to serve, where it comes from, and what its inputs may be.

Fetching and checking are the runtime's work; this module only says what may be asked for.
"""

import hashlib
from enum import StrEnum
from typing import Annotated, ClassVar, Final

from pydantic import Field

from slipway_operator.api.base import ApiModel, Rule
from slipway_operator.api.quantities import IntOrString
from slipway_operator.api.uri import URI_RULES

RANGE: Final = Rule(
    "size(self) == 2 && self[0] <= self[1]",
    "must be two numbers, first the lowest and then the highest allowed, as in [0, 10]",
)


class ModelFormat(StrEnum):
    """The file format of a model."""

    ONNX = "onnx"


class InputSpec(ApiModel):
    """A constraint on one input, beside the type and shape that the model declares itself."""

    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            "has(self.range) || has(self.values) || has(self.maxLength) || has(self.features)",
            "must constrain something: write range, values, maxLength or features",
        ),
        Rule(
            "!has(self.range) || !has(self.values)",
            "must not have both range and values: the values alone say what is allowed",
        ),
        Rule(
            "!has(self.range) || !has(self.maxLength)",
            "must not have both range and maxLength: one is for numbers, the other for strings",
        ),
    )

    name: Annotated[str, Field(min_length=1, max_length=256, examples=["X"])]
    """Name of the input, as the model declares it."""
    range: Annotated[tuple[float, ...], Field(max_length=2, examples=[[0, 10]]), RANGE] | None = (
        None
    )
    """Lowest and highest number allowed, both included."""
    values: (
        Annotated[
            tuple[IntOrString, ...],
            Field(max_length=256, examples=[["red", "green"]]),
            Rule("size(self) > 0", "must list at least one value"),
        ]
        | None
    ) = None
    """The only values allowed: whole numbers or strings."""
    max_length: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    """Most characters allowed in a string."""
    features: (
        Annotated[
            tuple[Annotated[str, Field(min_length=1, max_length=256)], ...],
            Field(
                max_length=4096,
                examples=[["width", "height"]],
                json_schema_extra={"x-kubernetes-list-type": "set"},
            ),
            Rule("size(self) > 0", "must name at least one column"),
        ]
        | None
    ) = None
    """Names of the columns, in the model's order; `/predict` then takes them by name."""


class Credentials(ApiModel):
    """Where the credentials for fetching the model are."""

    secret_name: Annotated[
        str,
        Field(max_length=253, examples=["model-store"]),
        Rule(
            "self.matches(r'^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$')",
            "must be the name of a Secret, without its namespace: "
            "lower-case letters, digits, dots and dashes",
        ),
    ]
    """Name of a Secret in the same namespace. Only the container that fetches the model sees it."""


class ModelSpec(ApiModel):
    """The model."""

    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            "has(self.sha256) || self.uri.startsWith('oci://')",
            "must be given: write the SHA-256 of the model file, as `sha256sum model.onnx` prints "
            "it; without it nobody would notice that the file was replaced",
            field="sha256",
            reason="FieldValueRequired",
        ),
        Rule(
            "has(self.format) || self.uri.matches(r'(?i)[.]onnx([?]|$)') || "
            "(self.uri.startsWith('oci://') && !self.uri.contains('#'))",
            "must be given, because the URI does not end in .onnx: write format: onnx",
            field="format",
            reason="FieldValueRequired",
        ),
        Rule(
            "!has(self.credentials) || self.uri.matches(r'^(https?|s3)://')",
            "must not be given for pvc and oci addresses; volumes and images need none",
            field="credentials",
            reason="FieldValueForbidden",
        ),
    )

    uri: Annotated[
        str,
        Field(max_length=2048, examples=["https://models.example.com/iris/1.2.0/model.onnx"]),
        *URI_RULES,
    ]
    """Where the model is: an `https`, `http`, `s3`, `pvc` or `oci` address."""
    sha256: (
        Annotated[
            str,
            Field(max_length=128, examples=[hashlib.sha256(b"model").hexdigest()]),
            Rule(
                "self.matches(r'^[0-9a-fA-F]{64}$')",
                "must be 64 hexadecimal digits and nothing else, as `sha256sum` prints them",
            ),
        ]
        | None
    ) = None
    """SHA-256 of the model file, 64 hex digits; required unless the URI carries a digest."""
    format: ModelFormat = ModelFormat.ONNX
    """Format of the file; always checked against its content."""
    version: (
        Annotated[
            str,
            Field(max_length=63, examples=["1.2.0"]),
            Rule(
                "self.matches(r'^[A-Za-z0-9]([-+._A-Za-z0-9]*[A-Za-z0-9])?$')",
                "must consist of letters, digits and -+._ and begin and end with a letter or digit",
            ),
        ]
        | None
    ) = None
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
    """Constraints on inputs; a request that breaks one is refused."""
    credentials: Credentials | None = None
    """Credentials for `s3`, `https` and `http` sources."""
