from urllib.parse import parse_qs, urlsplit

import pytest

from slipway_runtime.errors import ModelError, Reason
from slipway_runtime.fetch.policy import policy
from slipway_runtime.fetch.s3 import order
from slipway_runtime.fetch.uri import S3Source

SOURCE = S3Source("models", "a/b c.onnx")
KEYS = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret"}
ANY = policy("")


def test_a_signed_address_names_key_and_region_and_never_the_secret() -> None:
    url = order(SOURCE, {**KEYS, "AWS_REGION": "eu-west-1"}, ANY).url
    query = parse_qs(urlsplit(url).query)

    assert url.startswith("https://s3.eu-west-1.amazonaws.com/models/a/b%20c.onnx?")
    assert query["X-Amz-Credential"][0].startswith("key/")
    assert "/eu-west-1/s3/" in query["X-Amz-Credential"][0]
    assert "secret" not in url


def test_an_endpoint_of_ones_own_is_asked_by_path() -> None:
    url = order(SOURCE, {**KEYS, "AWS_ENDPOINT_URL": "http://minio.store.svc:9000/"}, ANY).url

    assert url.startswith("http://minio.store.svc:9000/models/a/b%20c.onnx?")


def test_a_session_token_is_part_of_the_signature() -> None:
    url = order(SOURCE, {**KEYS, "AWS_SESSION_TOKEN": "token"}, ANY).url

    assert parse_qs(urlsplit(url).query)["X-Amz-Security-Token"] == ["token"]


def test_without_keys_nothing_is_signed_and_nobody_is_asked_for_keys() -> None:
    assert order(SOURCE, {}, ANY).url == "https://s3.us-east-1.amazonaws.com/models/a/b%20c.onnx"


@pytest.mark.parametrize("half", KEYS)
def test_half_a_pair_of_keys_is_a_mistake(half: str) -> None:
    with pytest.raises(ModelError, match="needs both") as caught:
        order(SOURCE, {half: "x"}, ANY)
    assert caught.value.reason is Reason.FETCH_FAILED


@pytest.mark.parametrize("endpoint", ["minio:9000", "ftp://minio", "http://", "file:///etc"])
def test_an_endpoint_that_is_no_address_is_refused(endpoint: str) -> None:
    with pytest.raises(ModelError, match="AWS_ENDPOINT_URL"):
        order(SOURCE, {**KEYS, "AWS_ENDPOINT_URL": endpoint}, ANY)


def test_the_bucket_and_an_endpoint_of_ones_own_must_both_be_allowed() -> None:
    endpoint = {**KEYS, "AWS_ENDPOINT_URL": "http://minio:9000"}

    with pytest.raises(ModelError, match="s3://models is not an allowed source"):
        order(SOURCE, KEYS, policy("s3://other"))
    download = order(SOURCE, endpoint, policy("s3://models"))
    with pytest.raises(ModelError, match="http://minio:9000 is not an allowed source"):
        download.policy.expect_allowed(download.url)

    both = order(SOURCE, endpoint, policy("s3://models,http://minio:9000"))
    both.policy.expect_allowed(both.url)


def test_amazons_own_endpoint_needs_no_entry_of_its_own() -> None:
    download = order(SOURCE, KEYS, policy("s3://models"))

    download.policy.expect_allowed(download.url)
    with pytest.raises(ModelError):
        download.policy.expect_allowed("https://elsewhere.example/")
