import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway_runtime.errors import ModelError, Reason
from slipway_runtime.fetch.policy import forbidden, policy


def allows(patterns: str, uri: str) -> bool:
    try:
        policy(patterns).expect_allowed(uri)
    except ModelError as error:
        if error.reason is not Reason.SOURCE_REFUSED:
            raise
        return False
    return True


@pytest.mark.parametrize("nothing", ["", " , "])
def test_an_empty_list_allows_every_source(nothing: str) -> None:
    assert allows(nothing, "https://anything.example/m")


@pytest.mark.parametrize(
    ("patterns", "uri", "allowed"),
    [
        ("https://a.example", "https://a.example/m", True),
        ("https://a.example", "https://A.EXAMPLE/m", True),
        ("https://a.example", "https://a.example:443/m", True),
        ("https://a.example:443", "https://a.example/m", True),
        ("https://a.example", "https://a.example:8443/m", False),
        ("https://a.example", "http://a.example/m", False),
        ("https://a.example", "https://a.example.evil.example/m", False),
        ("https://*.example", "https://a.example/m", True),
        ("https://*.example", "https://evil.other/.example", False),
        ("https://*.example", "https://evil.other?x=.example", False),
        ("https://*.example", "https://evil.other#.example", False),
        ("s3://models, pvc://*", "s3://models/a", True),
        ("s3://models, pvc://*", "pvc://claim/a", True),
        ("s3://models", "s3://others/a", False),
    ],
)
def test_a_source_must_match_one_of_the_patterns(patterns: str, uri: str, allowed: bool) -> None:
    assert allows(patterns, uri) is allowed


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("127.0.0.1", "loopback"),
        ("127.8.9.10", "loopback"),
        ("::1", "loopback"),
        ("::ffff:127.0.0.1", "loopback"),
        ("::127.0.0.1", "loopback"),
        ("64:ff9b::7f00:1", "loopback"),
        ("2002:7f00:1::", "loopback"),
        ("169.254.169.254", "metadata"),
        ("::ffff:169.254.169.254", "metadata"),
        ("64:ff9b::a9fe:a9fe", "metadata"),
        ("64:ff9b:1::a9fe:a9fe", "metadata"),
        ("fd00:ec2::254", "metadata"),
        ("100.100.100.200", "metadata"),
        ("168.63.129.16", "metadata"),
        ("169.254.1.1", "link-local"),
        ("fe80::1", "link-local"),
        ("fe80::1%eth0", "link-local"),
        ("0.0.0.0", "unspecified"),  # noqa: S104
        ("0.1.2.3", "unspecified"),
        ("::", "unspecified"),
        ("224.0.0.1", "multicast"),
        ("ff02::1", "multicast"),
        ("255.255.255.255", "reserved"),
    ],
)
def test_an_address_that_leads_to_the_node_or_the_cloud_is_forbidden(
    address: str, kind: str
) -> None:
    assert kind in (forbidden(address) or "")


@pytest.mark.parametrize(
    "address", ["10.0.0.1", "192.168.1.1", "172.16.0.1", "8.8.8.8", "fd00::2", "2a00::1"]
)
def test_private_and_public_addresses_are_fine(address: str) -> None:
    assert forbidden(address) is None


@given(st.ip_addresses(v=4))
def test_writing_an_address_as_ipv6_never_helps(address: object) -> None:
    assert bool(forbidden(str(address))) == bool(forbidden(f"::ffff:{address}"))
