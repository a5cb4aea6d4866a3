from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway_runtime.errors import ModelError, Reason
from slipway_runtime.fetch.uri import (
    HttpSource,
    S3Source,
    Source,
    VolumeSource,
    origin,
    parse,
    redacted,
)

DIGEST = "sha256:" + "0" * 64


@pytest.mark.parametrize(
    ("uri", "source"),
    [
        ("https://a.example/m.onnx", HttpSource("https://a.example/m.onnx")),
        ("http://a.example:81/m?t=1#x", HttpSource("http://a.example:81/m?t=1")),
        ("s3://bucket/a/b%20c.onnx", S3Source("bucket", "a/b c.onnx")),
        ("s3://bucket/a?b.onnx", S3Source("bucket", "a?b.onnx")),
        ("pvc://claim/a/./b//m.onnx", VolumeSource("a/b/m.onnx", False)),
        (f"oci://r.example:5000/repo@{DIGEST}", VolumeSource(None, True)),
        (f"oci://r.example/repo@{DIGEST}#models/m.onnx", VolumeSource("models/m.onnx", True)),
        ("oci://r.example/repo:tag", VolumeSource(None, False)),
    ],
)
def test_every_form_is_understood(uri: str, source: Source) -> None:
    assert parse(uri) == source


@pytest.mark.parametrize(
    ("uri", "words"),
    [
        ("", "names no host"),
        ("model.onnx", "names no host"),
        ("/etc/passwd", "names no host"),
        ("file:///etc/passwd", "names no host"),
        ("ftp://host/m.onnx", "unknown scheme 'ftp'"),
        ("gs://bucket/m.onnx", "unknown scheme 'gs'"),
        ("https://user:hunter2@host/m.onnx", "carries credentials"),
        ("s3://key:hunter2@bucket/m.onnx", "carries credentials"),
        ("http://:80/m.onnx", "no plain name"),
        ("http://ü.example/m.onnx", "no plain name"),
        ("http://exa%6dple/m.onnx", "no plain name"),
        ("http://a.example;b/m.onnx", "no plain name"),
        ("http://host:99999/m.onnx", "malformed"),
        ("http://[::1/m.onnx", "malformed"),
        ("http://host/a b", "percent-encode"),
        ("http://host/a\r\nx: y", "percent-encode"),
        ("http://host\\@other/m", "percent-encode"),
        ("s3://bucket", "needs a bucket and a key"),
        ("s3://bucket/folder/", "needs a bucket and a key"),
        ("pvc://claim", "inside the volume"),
        ("pvc://claim/../secret", "without '..'"),
        ("pvc://claim/a/%2e%2e/%2e%2e/secret", "without '..'"),
        ("pvc://claim/a%00b", "inside the volume"),
        (f"oci://r/repo@{DIGEST}#../../etc/passwd", "without '..'"),
    ],
)
def test_what_is_no_form_is_refused_in_words(uri: str, words: str) -> None:
    with pytest.raises(ModelError) as caught:
        parse(uri)
    assert caught.value.reason is Reason.SOURCE_REFUSED
    assert words in caught.value.message
    assert "hunter2" not in caught.value.message


@given(st.text() | st.from_regex(r"(https?|s3|pvc|oci)://.*", fullmatch=True))
def test_any_text_is_a_source_or_refused(text: str) -> None:
    with suppress(ModelError):
        parse(text)


@given(st.text())
def test_no_path_leads_out_of_a_volume(text: str) -> None:
    with suppress(ModelError):
        source = parse(f"pvc://claim/{text}")
        assert isinstance(source, VolumeSource)
        assert source.path
        assert ".." not in source.path.split("/")
        assert not source.path.startswith("/")


@pytest.mark.parametrize(
    ("uri", "names"),
    [
        (
            "https://Models.Example.com/a",
            ("https://models.example.com", "https://models.example.com:443"),
        ),
        ("https://a.example:8443/a", ("https://a.example:8443",) * 2),
        ("http://[fd00::2]:80/a", ("http://[fd00::2]", "http://[fd00::2]:80")),
        ("s3://bucket/key", ("s3://bucket",) * 2),
        ("pvc://claim/a", ("pvc://claim",) * 2),
        (f"oci://r.example:5000/repo@{DIGEST}", ("oci://r.example:5000",) * 2),
    ],
)
def test_the_origin_is_what_the_allow_list_names(uri: str, names: tuple[str, str]) -> None:
    assert origin(uri) == names


def test_a_token_in_a_query_is_not_shown() -> None:
    assert redacted("https://a.example/m.onnx?sig=secret") == "https://a.example/m.onnx?..."
