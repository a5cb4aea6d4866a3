"""S3: sign a URL, then download it like any other.

obstore signs and does nothing else here: the download, with its checks of names, addresses,
sizes and redirects, is the one of `http`. Credentials come from the environment and are never
looked for elsewhere: the library itself would ask the cloud's metadata service.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Final
from urllib.parse import quote, urlsplit

import obstore
from obstore.store import S3Store

from slipway_runtime.errors import ModelError, Reason
from slipway_runtime.fetch.http import Download
from slipway_runtime.fetch.policy import Policy
from slipway_runtime.fetch.uri import S3Source, refused

_VALID: Final = timedelta(hours=1)
_REGION: Final = "us-east-1"
_AWS: Final = Policy(("https://*.amazonaws.com",))
_HINT: Final = (
    "are AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION and AWS_ENDPOINT_URL right in the "
    "Secret of spec.model.credentials.secretName? S3 also says 403 for a key that does not exist "
    "when the credentials may not list the bucket"
)


def order(source: S3Source, environment: Mapping[str, str], policy: Policy) -> Download:
    """Make the download of an object."""
    label = f"s3://{source.bucket}/{source.key}"
    policy.expect_allowed(f"s3://{source.bucket}")
    endpoint = environment.get("AWS_ENDPOINT_URL", "").rstrip("/")
    plain = Download("", policy if endpoint else _AWS, label, hint=_HINT)
    region = environment.get("AWS_REGION") or _REGION
    base = endpoint or f"https://s3.{region}.amazonaws.com"
    if urlsplit(base).scheme not in ("http", "https") or not urlsplit(base).hostname:
        raise refused(f"AWS_ENDPOINT_URL is {base!r:.100}, not http(s)://host[:port]")
    keys = _keys(environment)
    if keys is None:
        return replace(plain, url=f"{base}/{source.bucket}/{quote(source.key)}")
    return replace(plain, url=_sign(source, base, region, keys, environment))


def _keys(environment: Mapping[str, str]) -> tuple[str, str] | None:
    key = environment.get("AWS_ACCESS_KEY_ID")
    secret = environment.get("AWS_SECRET_ACCESS_KEY")
    if bool(key) != bool(secret):
        raise ModelError(
            Reason.FETCH_FAILED,
            "the Secret needs both AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or neither",
        )
    return (key, secret) if key and secret else None


def _sign(
    source: S3Source,
    base: str,
    region: str,
    keys: tuple[str, str],
    environment: Mapping[str, str],
) -> str:
    token = environment.get("AWS_SESSION_TOKEN")
    store = S3Store(
        source.bucket,
        **({"aws_session_token": token} if token else {}),
        aws_access_key_id=keys[0],
        aws_secret_access_key=keys[1],
        aws_region=region,
        aws_endpoint_url=base,
        virtual_hosted_style_request=False,
        client_options={"allow_http": True},
    )
    return str(obstore.sign(store, "GET", source.key, _VALID))
