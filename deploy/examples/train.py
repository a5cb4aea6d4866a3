"""Train the example models on data that ships with scikit-learn, and export them to ONNX.

For each example it writes `NAME/model.onnx`, the held-out rows with scikit-learn's own answers
(`NAME/holdout.json`), and the digest in `NAME/*.yaml`. Types, names and opset are stated, so that
training again gives the same file. It must not touch a cluster.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from skl2onnx import convert_sklearn
from skl2onnx.common.data_types import FloatTensorType, StringTensorType
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, load_iris
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

HERE = Path(__file__).parent
OPSETS = {"": 21, "ai.onnx.ml": 3}  # what onnxruntime 1.18 and later read
KEPT_ROWS = 40
SHA256 = re.compile(r"sha256: \S+")
TOLERANCE = 1e-3  # float32 in the exported model, float64 in scikit-learn

Tensors = dict[str, NDArray[Any]]
Signature = list[tuple[str, Any]]

DIABETES_COLUMNS = [
    *("age", "sex", "bmi", "blood_pressure", "cholesterol", "ldl", "hdl"),
    *("cholesterol_ratio", "log_triglycerides", "glucose"),
]


@dataclass(frozen=True, slots=True)
class Trained:
    """A trained model, and what scikit-learn answers on rows that it has not seen."""

    example: str
    version: str
    model: onnx.ModelProto
    inputs: Tensors
    outputs: Tensors
    score: str

    @property
    def folder(self) -> Path:
        """Where everything about the example lies."""
        return HERE / self.example

    @property
    def file(self) -> Path:
        """The exported model: `model.onnx`, and later versions beside it."""
        return self.folder / (
            "model.onnx" if self.version == "1.0.0" else f"model-{self.version}.onnx"
        )

    @property
    def holdout(self) -> Path:
        """The held-out rows of the example, with the answers of each version."""
        return self.folder / "holdout.json"


def iris_linear() -> Trained:
    """Three species of iris from four lengths, by logistic regression."""
    data = load_iris()
    model = make_pipeline(StandardScaler(), LogisticRegression())
    species = data.target_names[data.target]
    return classify("iris", "1.0.0", model, data.data, species, floats("measurements", 4))


def iris_network() -> Trained:
    """The same flowers and the same signature, by a small neural network."""
    data = load_iris()
    model = make_pipeline(StandardScaler(), MLPClassifier(max_iter=2000, random_state=0))
    species = data.target_names[data.target]
    return classify("iris", "1.1.0", model, data.data, species, floats("measurements", 4))


def breast_cancer() -> Trained:
    """Malignant or benign, from thirty measurements of cell nuclei."""
    data = load_breast_cancer()
    model = make_pipeline(StandardScaler(), LogisticRegression())
    diagnosis = data.target_names[data.target]
    return classify("breast-cancer", "1.0.0", model, data.data, diagnosis, floats("nuclei", 30))


def digits() -> Trained:
    """Handwritten digits, as images of 8 by 8 pixels."""
    data = load_digits()
    model = MLPClassifier((64,), max_iter=300, random_state=0)
    flat = classify("digits", "1.0.0", model, data.data, data.target, floats("pixels", 64))
    images = flat.inputs["pixels"].reshape(-1, 8, 8)
    return replace(flat, model=take_images(flat.model, "image"), inputs={"image": images})


def diabetes() -> Trained:
    """How far diabetes progresses in a year: a regression with one input for each column."""
    data = load_diabetes(scaled=False)
    train, test, target, truth = split(data.data.astype(np.float32), data.target)
    model = make_pipeline(StandardScaler(), Ridge()).fit(train, target)
    # All of one type: from mixed types skl2onnx makes whole numbers of them all.
    signature = [column for name in DIABETES_COLUMNS for column in floats(name, 1)]
    answer = floats("progression", 1)
    return Trained(
        example="diabetes",
        version="1.0.0",
        model=export("diabetes", model, signature, final_types=answer),
        inputs={name: test[:, [n]] for n, name in enumerate(DIABETES_COLUMNS)},
        outputs={"progression": model.predict(test).reshape(-1, 1)},
        score=f"R2 of {model.score(test, truth):.2f} on {len(test)} held-out rows",
    )


def tickets() -> Trained:
    """Which team a customer's message belongs to: a model that takes strings."""
    with (HERE / "tickets/data.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    texts = np.array([row["text"] for row in rows], dtype=object)
    teams = np.array([row["team"] for row in rows])
    # Letters only: beyond them, ONNX and Python disagree on what makes a word.
    words = TfidfVectorizer(token_pattern="[a-z]+", stop_words="english")  # noqa: S106
    model = make_pipeline(words, LogisticRegression(C=10))
    signature = [("text", StringTensorType([None, 1]))]
    # The default locale, en_US, is in no slim image, and the model would not load there.
    options = {id(words): {"locale": "C.UTF-8"}}
    return classify("tickets", "1.0.0", model, texts, teams, signature, options)


TRAINERS: dict[str, tuple[Callable[[], Trained], ...]] = {
    "iris": (iris_linear, iris_network),
    "breast-cancer": (breast_cancer,),
    "digits": (digits,),
    "diabetes": (diabetes,),
    "tickets": (tickets,),
}


def floats(name: str, columns: int) -> Signature:
    """The signature of one input of so many numbers a row."""
    return [(name, FloatTensorType([None, columns]))]


def split(rows: Any, truth: Any, **options: Any) -> Any:
    """A quarter of the rows is held out, the same quarter every time."""
    return train_test_split(rows, truth, test_size=0.25, random_state=0, **options)


def classify(
    example: str,
    version: str,
    model: Pipeline | MLPClassifier,
    rows: NDArray[Any],
    labels: NDArray[Any],
    signature: Signature,
    options: dict[int, dict[str, Any]] | None = None,
) -> Trained:
    """Train a classifier, and keep its answers on the held-out rows."""
    if rows.dtype.kind == "f":
        rows = rows.astype(np.float32)
    train, test, target, truth = split(rows, labels, stratify=labels)
    model.fit(train, target)
    plain = {id(model): {"zipmap": False}}
    return Trained(
        example=example,
        version=version,
        model=export(f"{example}-{version}", model, signature, options=plain | (options or {})),
        inputs={signature[0][0]: test.reshape(len(test), -1)},
        outputs={"label": model.predict(test), "probabilities": model.predict_proba(test)},
        score=f"{model.score(test, truth):.1%} of {len(test)} held-out rows are right",
    )


def export(name: str, model: Any, signature: Signature, **how: Any) -> onnx.ModelProto:
    """The model as ONNX, with named inputs and a pinned opset; the same bytes each time."""
    exported = convert_sklearn(model, name, initial_types=signature, target_opset=OPSETS, **how)
    opsets = sorted(exported.opset_import, key=lambda opset: opset.domain)
    del exported.opset_import[:]
    exported.opset_import.extend(opsets)
    return exported


def take_images(model: onnx.ModelProto, name: str) -> onnx.ModelProto:
    """Let the model take images of 8 by 8 where it took rows of 64 numbers."""
    rows = model.graph.input[0].name
    flatten = onnx.helper.make_node("Flatten", [name], [rows])
    images = onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, ["rows", 8, 8])
    model.graph.node.insert(0, flatten)
    model.graph.input[0].CopyFrom(images)
    onnx.checker.check_model(model)
    return model


def write(trained: Trained) -> None:
    """Put the model into the store, its answers beside the example, its digest into the YAML."""
    trained.file.write_bytes(trained.model.SerializeToString())
    kept = read_holdout(trained.holdout)
    kept["inputs"] = as_rows(trained.inputs)
    kept["outputs"][trained.version] = as_rows(trained.outputs)
    trained.holdout.write_text(row_by_row(kept) + "\n", encoding="utf-8")
    for path in manifests(trained):
        text = path.read_text(encoding="utf-8")
        path.write_text(SHA256.sub(sha256_line(trained.file), text), encoding="utf-8")


def check(trained: Trained) -> Iterator[str]:
    """What is wrong with the files that are checked in, seen from a model trained just now."""
    for path in (trained.file, trained.holdout):
        if not path.exists():
            yield f"{path.name} is missing; write it with: train.py {trained.example}"
            return
    yield from differences(trained.file.name, serve(trained), trained.outputs)
    answers = read_holdout(trained.holdout)["outputs"].get(trained.version, {})
    kept = {name: np.array(rows) for name, rows in answers.items()}
    recent = {name: rows[:KEPT_ROWS] for name, rows in trained.outputs.items()}
    yield from differences(trained.holdout.name, kept, recent)
    for path in manifests(trained):
        if sha256_line(trained.file) not in path.read_text(encoding="utf-8"):
            yield f"{path.name}: its sha256 is not that of the model"


def serve(trained: Trained) -> Tensors:
    """What the model that is checked in answers on the held-out rows."""
    session = onnxruntime.InferenceSession(trained.file.read_bytes())
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(names, trained.inputs), strict=True))


def differences(file: str, found: Tensors, wanted: Tensors) -> Iterator[str]:
    """Where answers are not those of scikit-learn: labels must be equal, numbers close."""
    for name, rows in wanted.items():
        given = found.get(name, np.empty(0))
        if given.shape != rows.shape:
            yield f"{file}: {name} has shape {given.shape}, not {rows.shape}"
            continue
        numbers = rows.dtype.kind == "f"
        same = np.isclose(given, rows, TOLERANCE, TOLERANCE) if numbers else given == rows
        if not same.all():
            yield f"{file}: {(~same).sum()} of {same.size} {name} differ"


def manifests(trained: Trained) -> list[Path]:
    """The ModelDeployments that serve this version."""
    uri = f"/{trained.example}/{trained.version}/model.onnx"
    paths = sorted(trained.folder.glob("*.yaml"))
    return [path for path in paths if uri in path.read_text(encoding="utf-8")]


def sha256_line(file: Path) -> str:
    """The line of a ModelDeployment that pins this file."""
    return f"sha256: {hashlib.sha256(file.read_bytes()).hexdigest()}"


def read_holdout(path: Path) -> dict[str, Any]:
    """The held-out rows as they lie there."""
    if not path.exists():
        return {"inputs": {}, "outputs": {}}
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content


def as_rows(tensors: Tensors) -> dict[str, list[Any]]:
    """Tensors as JSON, each number as short as float32 allows."""
    return {name: shortest(rows[:KEPT_ROWS]).tolist() for name, rows in tensors.items()}


def shortest(rows: NDArray[Any]) -> NDArray[Any]:
    """Numbers that print as people write them: 5.1, where the nearest float32 is 5.0999999."""
    floating = rows.dtype.kind == "f"
    return rows.astype(np.float32).astype(str).astype(float) if floating else rows


def row_by_row(value: Any, indent: str = "") -> str:
    """JSON with a line for each row, which people and diffs can read."""
    inner = indent + "  "
    if isinstance(value, dict):
        members = [f"{inner}{json.dumps(k)}: {row_by_row(v, inner)}" for k, v in value.items()]
        return "{\n" + ",\n".join(members) + f"\n{indent}}}"
    rows = [inner + json.dumps(row) for row in value]
    return "[\n" + ",\n".join(rows) + f"\n{indent}]"


def report(trained: Trained, only_check: bool) -> bool:
    """Write or check one model, say how good it is, and tell whether all is well."""
    if not only_check:
        write(trained)
    problems = list(check(trained))
    size = trained.model.ByteSize() / 1024
    print(f"{trained.example} {trained.version}: {trained.score}, {size:.1f} KiB", flush=True)
    for problem in problems:
        print(f"  {problem}", file=sys.stderr)
    return not problems


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        description="Train the example models, export them to ONNX and pin them in their YAML.",
        epilog="examples: train.py | train.py iris digits | train.py --check",
    )
    parser.add_argument(
        "examples", nargs="*", metavar="NAME", help=f"of {', '.join(TRAINERS)}; default all"
    )
    parser.add_argument(
        "--check", action="store_true", help="train, write nothing, and verify what is checked in"
    )
    options = parser.parse_args(arguments)
    if unknown := set(options.examples) - set(TRAINERS):
        parser.error(
            f"no such example: {', '.join(sorted(unknown))}; there are {', '.join(TRAINERS)}"
        )
    return options


def main(arguments: Sequence[str] | None = None) -> int:
    """Train, then write or check."""
    options = parse(arguments)
    chosen = options.examples or list(TRAINERS)
    trainers = [trainer for name in chosen for trainer in TRAINERS[name]]
    sound = [report(trainer(), options.check) for trainer in trainers]
    return 0 if all(sound) else 1


if __name__ == "__main__":
    sys.exit(main())
