import gzip
import io
import json
import pickle
import tarfile
import zipfile

import numpy as np
import pytest

from runtime_testing import models
from slipway_runtime.onnx_file.likeness import likeness


def zipped() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("data.pkl", b"x")
    return buffer.getvalue()


def tarred() -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("model.onnx"))
    return buffer.getvalue()


def array() -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, np.zeros(3))
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        *[(pickle.dumps({"a": [1]}, protocol), "pickle") for protocol in (0, 2, 3, 4, 5)],
        (pickle.dumps(np.zeros(3), 0), "pickle"),
        (zipped(), "zip archive"),
        (gzip.compress(b"x"), "gzip"),
        (tarred(), "tar archive"),
        (array(), "numpy array"),
        (b"<!DOCTYPE html><html>", "HTML"),
        (b"\n\n  <html>", "HTML"),
        (b"<?xml version='1.0'?><Error>", "XML"),
        (json.dumps({"error": "no"}).encode(), "JSON"),
        (b"version https://git-lfs.github.com/spec/v1\n", "Git LFS"),
        (b"\x89HDF\r\n\x1a\n", "HDF5"),
        (b"\x1c\x00\x00\x00TFL3", "TensorFlow Lite"),
        (b"\x1c\x00\x00\x00ORTM", ".ort"),
        (b"\x40\x00\x00\x00\x00\x00\x00\x00" + b'{"a":{}}', "safetensors"),
        (b"GGUF\x03", "GGUF"),
    ],
    # Some of the contents hold the time, which a test's name must not.
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_a_file_looks_like_is_named(content: bytes, words: str) -> None:
    assert words in (likeness(content[:512]) or "")


def test_a_model_looks_like_nothing_else() -> None:
    for make in (models.classifier, models.busy, models.columns, models.zipmapped):
        assert likeness(make()[:512]) is None
