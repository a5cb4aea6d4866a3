import argparse
from pathlib import Path

import pytest

from slipway_runtime.cli import limits, operation
from slipway_runtime.server.settings import (
    AccessLogSettings,
    AuthSettings,
    LimitSettings,
    OperationSettings,
    PayloadSettings,
    TlsSettings,
    TraceSettings,
)


def parse(*arguments: str) -> tuple[OperationSettings, LimitSettings]:
    parser = argparse.ArgumentParser()
    parser.set_defaults(reload=False)
    operation.add(parser)
    limits.add(parser)
    options = parser.parse_args(arguments)
    return operation.settings(options), limits.settings(options)


def test_all_is_off_and_the_limits_are_the_defaults_unless_something_is_said() -> None:
    assert parse() == (OperationSettings(), LimitSettings())


def test_each_option_says_what_it_says() -> None:
    told = parse(
        *("--keys", "a", "--keys", "b", "--open", "health"),
        *("--tls-certificate", "c", "--tls-key", "k", "--tls-client-ca", "ca"),
        *("--access-log", "-", "--access-log-probes"),
        *("--payload-log", "https://sink.example.com/x", "--payload-log-share", "0.5"),
        *("--payload-log-queue", "1Mi", "--payload-log-file-size", "2Mi"),
        *("--traces", "http://localhost:4318", "--traces-share", "0.25"),
        *("--limit-body", "1Ki", "--limit-head-seconds", "2.5", "--limit-nesting", "7"),
    )

    assert told == (
        OperationSettings(
            access_log=AccessLogSettings("-", probes=True),
            auth=AuthSettings((Path("a"), Path("b")), ("health",)),
            payloads=PayloadSettings("https://sink.example.com/x", 0.5, 2**20, 2**21),
            tls=TlsSettings(Path("c"), Path("k"), Path("ca")),
            traces=TraceSettings("http://localhost:4318", 0.25),
        ),
        LimitSettings(body=1024, head_seconds=2.5, nesting=7),
    )


def test_the_environment_says_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "KEYS": "a:b",
        "OPEN": "none",
        "ACCESS_LOG": "/var/log/access",
        "ACCESS_LOG_PROBES": "true",
        "PAYLOAD_LOG": "/var/log/payloads",
        "TRACES": "http://collector:4318",
        "LIMIT_BODY_SECONDS": "5",
    }.items():
        monkeypatch.setenv(f"SLIPWAY_{name}", value)

    told, limited = parse()

    assert told.auth == AuthSettings((Path("a"), Path("b")), ())
    assert told.access_log == AccessLogSettings("/var/log/access", probes=True)
    assert told.payloads.target == "/var/log/payloads"
    assert told.traces.endpoint == "http://collector:4318"
    assert limited.body_seconds == 5


@pytest.mark.parametrize(
    "arguments",
    [
        ["--open", "everything"],
        ["--open", ""],
        ["--access-log-probes", "perhaps"],
        ["--payload-log", "ftp://sink"],
        ["--payload-log-share", "1.5"],
        ["--payload-log-queue", "much"],
        ["--traces", "localhost:4318"],
        ["--traces-share", "-1"],
        ["--limit-body", "-1"],
        ["--limit-nesting", "deep"],
        ["--limit-head-seconds", "nan"],
    ],
)
def test_what_makes_no_sense_is_refused(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        parse(*arguments)
    assert caught.value.code == 2
