"""What of the downloads needs no server; the rest is tested against real ones."""

import httpx
import pytest

from slipway_runtime.errors import ModelError, Reason
from slipway_runtime.fetch.http import Download, _next
from slipway_runtime.fetch.policy import policy

ORDER = Download("https://a.example/m", policy(""), "a.example")


def follow(location: str) -> str:
    return _next(ORDER, ORDER.url, httpx.Response(302, headers={"location": location}))


@pytest.mark.parametrize(
    ("location", "url"),
    [
        ("/there", "https://a.example/there"),
        ("there", "https://a.example/there"),
        ("//b.example/m", "https://b.example/m"),
        ("https://b.example:8443/m?x=1", "https://b.example:8443/m?x=1"),
    ],
)
def test_a_redirect_leads_where_it_says(location: str, url: str) -> None:
    assert follow(location) == url


@pytest.mark.parametrize(
    ("location", "words"),
    [
        ("http://a.example/m", "from https to http"),
        ("ftp://a.example/m", "unknown scheme 'ftp'"),
        ("s3://bucket/m", "another kind of source"),
        ("https://[bad", "malformed"),
        ("https://user:hunter2@a.example/m", "carries credentials"),
        ("https://\u24d4xample.com/m", "no plain name"),
    ],
)
def test_a_redirect_to_what_is_not_allowed_is_refused(location: str, words: str) -> None:
    response = httpx.Response(302, headers=[(b"location", location.encode())])
    with pytest.raises(ModelError, match=words) as caught:
        _next(ORDER, ORDER.url, response)
    assert caught.value.reason is Reason.SOURCE_REFUSED
    assert "hunter2" not in caught.value.message
