"""Name what a file that should be a model looks like, by its first bytes."""

from collections.abc import Callable

_STARTS: tuple[tuple[bytes, str], ...] = (
    (b"PK\x03\x04", "it is a zip archive, as PyTorch, TorchScript and Keras write; export to ONNX"),
    (b"\x1f\x8b", "it is gzip-compressed; unpack it first"),
    (b"BZh", "it is bzip2-compressed; unpack it first"),
    (b"\xfd7zXZ", "it is xz-compressed; unpack it first"),
    (b"\x28\xb5\x2f\xfd", "it is zstd-compressed; unpack it first"),
    (b"\x89HDF", "it is HDF5, as Keras writes; export to ONNX"),
    (b"GGUF", "it is GGUF; export to ONNX"),
    (b"version https://git-lfs", "it is a Git LFS pointer; `git lfs pull` gets the model itself"),
    (b"\x93NUMPY", "it is a numpy array"),
    (b"\x7fELF", "it is a program"),
)
_PICKLE = (
    "it is a Python pickle, as joblib and scikit-learn write, and pickles run code when read; "
    "export to ONNX, for instance with skl2onnx"
)
_TESTS: tuple[tuple[Callable[[bytes], bool], str], ...] = (
    (lambda start: start[:1] == b"\x80" and start[1:2] in b"\x02\x03\x04\x05", _PICKLE),
    (lambda start: start[:2] in (b"(d", b"(l", b"cs", b"cn"), _PICKLE),
    (lambda start: start[4:8] == b"TFL3", "it is TensorFlow Lite; export to ONNX"),
    (lambda start: start[4:8] == b"ORTM", "it is onnxruntime's own .ort format; use the .onnx"),
    (lambda start: start[8:10] == b'{"', "it is safetensors, which holds weights without a graph"),
    (lambda start: start[257:262] == b"ustar", "it is a tar archive; unpack it first"),
    (
        lambda start: start.lstrip()[:1] == b"<",
        "it is an HTML or XML page; the URI probably leads to a page about the model",
    ),
    (
        lambda start: start.lstrip()[:2] in (b'{"', b"{\n", b"{}"),
        "it is JSON, probably a server's error message",
    ),
)


def likeness(start: bytes) -> str | None:
    """Tell what the first 512 bytes give away, or None when they may be ONNX."""
    for magic, words in _STARTS:
        if start.startswith(magic):
            return words
    return next((words for test, words in _TESTS if test(start)), None)
