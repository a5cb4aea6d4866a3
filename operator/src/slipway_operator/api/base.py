"""What every model of the API shares: camelCase on the wire, immutable in Python, CEL rules.

A rule is written once, as CEL beside the field or model that it guards. The API server evaluates
it at admission; nothing here evaluates it again in Python.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final, Literal

from pydantic import BaseModel, ConfigDict, GetJsonSchemaHandler, model_validator
from pydantic.alias_generators import to_camel
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

JsonObject = dict[str, Any]

# Names a notation such as "duration" in a documented schema; the CRD does not carry it.
NOTATION: Final = "x-slipway-notation"


@dataclass(frozen=True, slots=True)
class Rule:
    """One CEL rule and what a user reads when it is broken; use it in `Annotated` or `rules`.

    `field` names the field of a model that the message is about.
    """

    cel: str
    message: str
    field: str = ""
    reason: Literal["", "FieldValueForbidden", "FieldValueRequired"] = ""

    def to_wire(self) -> JsonObject:
        """Return the rule as the CRD spells it."""
        wire = {
            "rule": self.cel,
            "message": self.message,
            "fieldPath": f".{self.field}" if self.field else "",
            "reason": self.reason,
        }
        return {key: value for key, value in wire.items() if value}

    def __get_pydantic_json_schema__(
        self, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """Add this rule to the schema of the annotated field."""
        return with_rules(handler(core_schema), (self,))


def with_rules(schema: JsonSchemaValue, rules: tuple[Rule, ...]) -> JsonSchemaValue:
    """Return the schema with the rules appended to those it already has."""
    if not rules:
        return schema
    present = schema.get("x-kubernetes-validations", [])
    return {**schema, "x-kubernetes-validations": [*present, *(rule.to_wire() for rule in rules)]}


class ApiModel(BaseModel):
    """A part of the custom resource.

    Unknown fields are ignored, so that an operator keeps working beside a newer CRD; it is the
    CRD's schema that refuses them. A null means the same as an absent field.
    """

    model_config = ConfigDict(
        alias_generator=to_camel,
        extra="ignore",
        frozen=True,
        use_attribute_docstrings=True,
        validate_by_name=True,
        validate_by_alias=True,
    )

    rules: ClassVar[tuple[Rule, ...]] = ()

    @model_validator(mode="before")
    @classmethod
    def _drop_nulls(cls, data: object) -> object:
        if isinstance(data, Mapping):
            return {key: value for key, value in data.items() if value is not None}
        return data

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """Add the rules of this model to its schema."""
        reference = handler(core_schema)
        schema = handler.resolve_ref_schema(reference)
        schema.update(with_rules(schema, cls.rules))
        return reference

    def to_wire(self) -> JsonObject:
        """Return what was set, as Kubernetes spells it: no defaults, no nulls."""
        return self.model_dump(mode="json", by_alias=True, exclude_unset=True, exclude_none=True)
