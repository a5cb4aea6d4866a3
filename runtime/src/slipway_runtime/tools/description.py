"""Everything a person wants to know of a model before serving it, and how to ask it then.

`describe` gathers, `as_text` and `as_json` write. Nothing is printed here.
"""

import hashlib
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import orjson

from slipway_runtime import openapi
from slipway_runtime.model import Model
from slipway_runtime.onnx_file.contents import inspect
from slipway_runtime.signature import NOT_IN_JSON, TensorSpec
from slipway_runtime.tools import trial
from slipway_runtime.torchscript_file.archive import is_torchscript

_LONGEST_LINE: Final = 1500
_SHOWN_OPERATORS: Final = 8
_PORT: Final = 8080


@dataclass(frozen=True, slots=True)
class Description:
    """A model's file and signature, and one request in both forms."""

    path: Path
    name: str
    format: str
    facts: dict[str, Any]
    size: int
    sha256: str
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    rows: str
    predict: Any
    infer: Any
    """None where JSON cannot carry an input."""


def describe(path: Path, model: Model) -> Description:
    """Gather it; the requests are seen to be answered."""
    size = trial.guess(model)
    torchscript = is_torchscript(path)
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    spoken = not any(spec.datatype in NOT_IN_JSON for spec in model.signature.inputs)
    return Description(
        path=path,
        name=model.identity.name,
        format="TorchScript" if torchscript else "ONNX",
        facts={} if torchscript else _onnx_facts(path),
        size=path.stat().st_size,
        sha256=digest,
        inputs=model.signature.inputs,
        outputs=model.signature.outputs,
        rows=_rows(model),
        predict=openapi.row_example(model.simple, size),
        infer=openapi.infer_example(model.simple, size) if spoken else None,
    )


def _onnx_facts(path: Path) -> dict[str, Any]:
    contents = inspect(path)
    used = contents.operators.used
    return {
        "producer": contents.producer,
        "irVersion": contents.ir_version,
        "opsets": {domain or "ai.onnx": version for domain, version in contents.opsets.items()},
        "operators": {".".join(filter(None, key)): n for key, n in used.most_common()},
        "functions": len(contents.operators.functions),
        "otherFiles": dict(contents.external),
    }


def _rows(model: Model) -> str:
    if trial.takes_rows(model):
        return "any number of rows"
    return "one row" if model.signature.row_wise else "whole tensors"


def as_json(found: Description) -> str:
    """Write it for a program."""
    document = {
        "name": found.name,
        "file": str(found.path),
        "format": found.format,
        "size": found.size,
        "sha256": found.sha256,
        **found.facts,
        "inputs": [_tensor(spec) for spec in found.inputs],
        "outputs": [_tensor(spec) for spec in found.outputs],
        "aRequestHolds": found.rows,
        "predict": found.predict,
        "infer": found.infer,
    }
    return orjson.dumps(document, option=orjson.OPT_INDENT_2).decode()


def _tensor(spec: TensorSpec) -> dict[str, Any]:
    return {
        "name": spec.name,
        "datatype": spec.datatype.value,
        "shape": spec.wire_shape,
        "dimensions": list(spec.shape),
    }


def as_text(found: Description) -> str:
    """Write it for a person."""
    return "\n".join((*_about(found), "", *_signature(found), "", *_usage(found)))


def _about(found: Description) -> Iterator[str]:
    facts = found.facts
    yield f"{found.path}: {found.format}, {found.size:,} bytes"
    yield f"  sha256     {found.sha256}"
    if not facts:
        return
    opsets = ", ".join(f"{domain} {version}" for domain, version in facts["opsets"].items())
    yield f"  made by    {facts['producer'] or 'nobody who says so'}"
    yield f"  opsets     {opsets} (IR version {facts['irVersion']})"
    yield f"  operators  {_operators(facts['operators'])}"
    for name, size in facts["otherFiles"].items():
        yield f"  weights    {name}, {size:,} bytes"


def _operators(counts: dict[str, int]) -> str:
    shown = [f"{name} ({n})" if n > 1 else name for name, n in counts.items()]
    more = len(shown) - _SHOWN_OPERATORS
    return ", ".join(shown[:_SHOWN_OPERATORS]) + (f" and {more} more kinds" if more > 0 else "")


def _signature(found: Description) -> Iterator[str]:
    specs = (*found.inputs, *found.outputs)
    width = max(len(spec.name) for spec in specs)
    for kind, some in (("takes", found.inputs), ("gives", found.outputs)):
        for number, spec in enumerate(some):
            sizes = ", ".join("any" if dim is None else str(dim) for dim in spec.shape)
            label = kind if number == 0 else ""
            yield f"  {label:<9}  {spec.name:<{width}}  {spec.datatype:<6}  [{sizes}]"
    yield f"  a request holds {found.rows}"


def _usage(found: Description) -> Iterator[str]:
    path = shlex.quote(str(found.path))
    yield "Serve it:"
    yield f"  slipway-runtime serve {path}"
    yield ""
    yield "Ask it, by the names of its inputs:"
    yield from _curl(path, "/predict", "predict", found.predict)
    yield ""
    yield "or in the Open Inference Protocol:"
    if found.infer is None:
        yield "  its FP16 or BF16 inputs go as binary tensors only, which Triton's clients send"
    else:
        yield from _curl(path, f"/v2/models/{found.name}/infer", "infer", found.infer)


def _curl(path: str, endpoint: str, form: str, body: Any) -> Iterator[str]:
    text = request(body)
    address = f"localhost:{_PORT}{endpoint}"
    if len(text) <= _LONGEST_LINE:
        yield f"  curl {address} -d {shlex.quote(text)}"
    else:
        yield f"  slipway-runtime inspect {path} --request {form} | curl {address} -d @-"


def request(body: Any) -> str:
    """Write a request's body."""
    return orjson.dumps(body).decode()
