"""What the user allows beyond the model's own signature: ranges, values, lengths, feature names.

Parsed once at start, checked against the signature, then applied to every request's tensors.
A rule that does not fit the model ends the start: a rule that silently checks nothing is worse.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from slipway_runtime.codec.elements import ElementError, to_array
from slipway_runtime.errors import ModelError, Reason, bad_request
from slipway_runtime.signature import Signature, Tensor, TensorSpec

Place = Callable[[str, tuple[int, ...]], str]
"""Says in the words of an API where an element is: tensor's name and index to text."""


class InputRule(BaseModel):
    """One entry of the ModelDeployment's `spec.model.inputs`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    range: tuple[float, float] | None = None
    values: Annotated[tuple[bool | int | float | str, ...], Field(min_length=1)] | None = None
    max_length: int | None = Field(None, ge=0, alias="maxLength")
    features: Annotated[tuple[str, ...], Field(min_length=1)] | None = None

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.range is not None and not self.range[0] <= self.range[1]:
            raise ValueError("range must be [lowest, highest]")
        if len(set(self.features or ())) != len(self.features or ()):
            raise ValueError("features must differ")
        return self


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules by name of the input."""

    by_name: Mapping[str, InputRule]

    def features(self, name: str) -> tuple[str, ...] | None:
        """Name the columns of an input, if the user has named them."""
        rule = self.by_name.get(name)
        return rule.features if rule else None

    def check(self, feed: Mapping[str, Tensor], place: Place) -> None:
        """Refuse the first value that breaks a rule."""
        for name, rule in self.by_name.items():
            _check_range(rule, feed[name], place)
            _check_values(rule, feed[name], place)
            _check_length(rule, feed[name], place)


def parse(text: str, signature: Signature) -> Rules:
    """Read the rules and hold them against the model."""
    try:
        rules = TypeAdapter(tuple[InputRule, ...]).validate_json(text or "[]")
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise _misfit(f"{where or 'not a JSON list'}: {first['msg']}") from None
    by_name = {rule.name: rule for rule in rules}
    if len(by_name) != len(rules):
        raise _misfit("an input is named twice")
    specs = {spec.name: spec for spec in signature.inputs}
    for rule in rules:
        if rule.name not in specs:
            raise _misfit(f"the model has no input '{rule.name}'; it takes {', '.join(specs)}")
        _fit(rule, specs[rule.name], signature)
    _fields_differ(by_name, signature)
    return Rules(by_name)


def _misfit(words: str) -> ModelError:
    return ModelError(Reason.LOAD_FAILED, f"the declared inputs do not fit the model: {words}")


def _fit(rule: InputRule, spec: TensorSpec, signature: Signature) -> None:
    if rule.range is not None and not spec.datatype.is_number:
        raise _misfit(f"'{rule.name}' is {spec.datatype}, which has no range")
    if rule.max_length is not None and spec.datatype != "BYTES":
        raise _misfit(f"'{rule.name}' is {spec.datatype}; maxLength is for text")
    for value in rule.values or ():
        if not _representable(value, spec):
            raise _misfit(f"'{rule.name}' is {spec.datatype}, the allowed value {value!r} is not")
    if rule.features is not None:
        _fit_features(rule.name, rule.features, spec, signature)


def _representable(value: object, spec: TensorSpec) -> bool:
    try:
        to_array([value], spec.datatype)
    except ElementError:
        return False
    return True


def _fit_features(
    name: str, features: tuple[str, ...], spec: TensorSpec, signature: Signature
) -> None:
    if not signature.row_wise or len(spec.shape) != 2:
        raise _misfit(f"'{name}' has shape {spec.wire_shape}; features are the columns of [-1, k]")
    columns = spec.wire_shape[1]
    if columns not in (-1, len(features)):
        raise _misfit(f"'{name}' has {columns} columns, {len(features)} features are named")


def _fields_differ(by_name: Mapping[str, InputRule], signature: Signature) -> None:
    fields: list[str] = []
    for spec in signature.inputs:
        rule = by_name.get(spec.name)
        fields += (rule.features if rule else None) or (spec.name,)
    if twice := sorted({field for field in fields if fields.count(field) > 1}):
        raise _misfit(f"two inputs share the feature {', '.join(twice)}")


def _check_range(rule: InputRule, array: Tensor, place: Place) -> None:
    if rule.range is None:
        return
    low, high = rule.range
    if not array.size or (low <= array.min() and array.max() <= high):  # NaN is neither
        return
    outside = ~((array >= low) & (array <= high))
    if outside.any():
        _refuse(rule, array, outside, place, f"is outside {_plain(low)} to {_plain(high)}")


def _check_values(rule: InputRule, array: Tensor, place: Place) -> None:
    if rule.values is None:
        return
    allowed = np.array(rule.values, dtype=array.dtype)
    unknown = ~np.isin(array, allowed)
    if unknown.any():
        listed = ", ".join(map(str, rule.values[:10])) + (", ..." if len(rule.values) > 10 else "")
        _refuse(rule, array, unknown, place, f"is none of the allowed values: {listed}")


def _check_length(rule: InputRule, array: Tensor, place: Place) -> None:
    if rule.max_length is None:
        return
    too_long = np.fromiter((len(text) > rule.max_length for text in array.flat), bool, array.size)
    if too_long.any():
        _refuse(
            rule,
            array,
            too_long.reshape(array.shape),
            place,
            f"is longer than {rule.max_length} characters",
        )


def _refuse(rule: InputRule, array: Tensor, bad: Any, place: Place, words: str) -> None:
    index = tuple(int(i) for i in np.unravel_index(int(bad.argmax()), array.shape))
    raise bad_request(f"{place(rule.name, index)}: {_value(array[index])} {words}")


def _value(value: Any) -> str:
    if isinstance(value, float | np.floating) and math.isnan(value):
        return "a missing number (null)"
    text = str(value)
    return text if len(text) <= 40 else text[:37] + "..."


def _plain(number: float) -> str:
    return str(int(number)) if number.is_integer() else str(number)
