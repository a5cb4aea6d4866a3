"""The signature of a model whose format has none, as its author wrote it down beside it.

Pure: text in, signature out. Says what is wrong with it in words.
"""

from typing import Annotated

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from slipway_runtime.errors import ModelError, Reason
from slipway_runtime.signature import Datatype, Dim, Signature, TensorSpec


class _Tensor(BaseModel):
    """One input or output."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, Field(min_length=1, max_length=256)]
    datatype: Datatype
    shape: tuple[Annotated[int, Field(ge=-1)] | Annotated[str, Field(min_length=1)], ...]


class _Document(BaseModel):
    """What the file holds."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    inputs: Annotated[tuple[_Tensor, ...], Field(min_length=1)]
    outputs: Annotated[tuple[_Tensor, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _check(self) -> "_Document":
        for tensors in (self.inputs, self.outputs):
            if len({tensor.name for tensor in tensors}) < len(tensors):
                raise ValueError("names must differ")
        return self


def parse(text: bytes, where: str) -> Signature:
    """Read YAML, of which JSON is a part; `where` is named when it is wrong."""
    try:
        document = _Document.model_validate(yaml.safe_load(text))
    except yaml.YAMLError as error:
        raise _wrong(where, " ".join(str(error).split())) from None
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        at = ".".join(map(str, first["loc"]))
        raise _wrong(where, f"{at}: {first['msg']}" if at else first["msg"]) from None
    return Signature(tuple(map(_spec, document.inputs)), tuple(map(_spec, document.outputs)))


def _spec(tensor: _Tensor) -> TensorSpec:
    return TensorSpec(tensor.name, tensor.datatype, tuple(map(_dim, tensor.shape)))


def _dim(dim: int | str) -> Dim:
    return None if dim == -1 else dim


def _wrong(where: str, words: str) -> ModelError:
    return ModelError(Reason.LOAD_FAILED, f"{where} is no signature: {words[:400]}")
