"""An address that the API accepts is one that the runtime can read."""

from hypothesis import given, settings
from hypothesis import strategies as st

from slipway_operator.api.crd import build_schema
from slipway_operator.cli.rules import broken_rules
from slipway_runtime.fetch.uri import parse
from slipway_testing.bad_addresses import BAD_ADDRESSES
from slipway_testing.specs import GOOD

SCHEMA = build_schema()["properties"]["spec"]["properties"]["model"]["properties"]["uri"]
SPECS = [one.spec for one in GOOD] + [one.spec for one in BAD_ADDRESSES]
ADDRESSES: list[str] = [spec["model"]["uri"] for spec in SPECS]
SCRAPS = [
    "/", "//", ".", "..", "/../", "%2e", "%2F", "%00", "%", "\\", "?", "#", "@", ":", ":0", ":443",
    ":99999", "[", "]", "[::1]", "a", "B", "_", "-", " ", "\t", "é", "user:pass@", "://", "s3://",
    "pvc://", "oci://", "https://", f"@sha256:{'0' * 64}", ".onnx", ".pkl", "&", "=", "+", "~",
]  # fmt: skip


def accepted(uri: str) -> bool:
    return not list(broken_rules(SCHEMA, uri))


@st.composite
def addresses(draw: st.DrawFn) -> str:
    """An address of the corpus with a scrap put somewhere, or a piece cut out."""
    uri = draw(st.sampled_from(ADDRESSES))
    at = draw(st.integers(0, len(uri)))
    to = at + draw(st.integers(0, 3))
    scrap = draw(st.sampled_from(["", *SCRAPS]))
    return f"{uri[:at]}{scrap}{uri[to:]}"


@settings(max_examples=300, deadline=None)
@given(addresses())
def test_what_the_api_accepts_the_runtime_can_read(uri: str) -> None:
    # Whether what stands in brackets is an IPv6 address is left for the runtime to say.
    if "[" not in uri and accepted(uri):
        parse(uri)


def test_the_corpus_is_judged_as_it_says() -> None:
    assert all(accepted(one.spec["model"]["uri"]) for one in GOOD)
    # The one that is merely too long breaks the schema, not a rule.
    assert [one.spec for one in BAD_ADDRESSES if accepted(one.spec["model"]["uri"])] == [
        one.spec for one in BAD_ADDRESSES if one.words == "2048"
    ]
