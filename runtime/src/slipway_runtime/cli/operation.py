"""The options of `serve` that protect it and show what it does; all are off unless given."""

import argparse
import os
from pathlib import Path

from slipway_runtime.cli.arguments import groups, share, size, target, url, yes
from slipway_runtime.server.settings import (
    AccessLogSettings,
    AuthSettings,
    OperationSettings,
    PayloadSettings,
    TlsSettings,
    TraceSettings,
)


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    _add_protection(parser.add_argument_group("protection (off unless given)"))
    _add_logs(parser.add_argument_group("logs and traces (off unless given)"))


def _add_protection(group: "argparse._ArgumentGroup") -> None:
    environment = os.environ.get
    group.add_argument(
        "--keys",
        metavar="FILE",
        type=Path,
        action="append",
        default=_paths(environment("SLIPWAY_KEYS")),
        help="keys, one a line, of which requests must show one; may be given several times, and "
        "is read again when it changes [SLIPWAY_KEYS, separated by colons]",
    )
    group.add_argument(
        "--open",
        metavar="GROUPS",
        type=groups,
        default=environment("SLIPWAY_OPEN") or "health,metrics",
        help="what is answered without a key: health, metrics, both with a comma, or none; "
        "default: health,metrics [SLIPWAY_OPEN]",
    )
    group.add_argument(
        "--tls-certificate",
        metavar="FILE",
        type=Path,
        default=_path(environment("SLIPWAY_TLS_CERTIFICATE")),
        help="serve HTTPS with this chain, in PEM; it and the key are read again when they "
        "change [SLIPWAY_TLS_CERTIFICATE]",
    )
    group.add_argument(
        "--tls-key",
        metavar="FILE",
        type=Path,
        default=_path(environment("SLIPWAY_TLS_KEY")),
        help="its key; default: in the same file [SLIPWAY_TLS_KEY]",
    )
    group.add_argument(
        "--tls-client-ca",
        metavar="FILE",
        type=Path,
        default=_path(environment("SLIPWAY_TLS_CLIENT_CA")),
        help="serve only clients with a certificate of these authorities [SLIPWAY_TLS_CLIENT_CA]",
    )


def _add_logs(group: "argparse._ArgumentGroup") -> None:
    environment = os.environ.get
    group.add_argument(
        "--access-log",
        metavar="FILE|-",
        default=environment("SLIPWAY_ACCESS_LOG", ""),
        help="a line of JSON for each request, never a body; -: on the standard output "
        "[SLIPWAY_ACCESS_LOG]",
    )
    group.add_argument(
        "--access-log-probes",
        type=yes,
        nargs="?",
        const=True,
        metavar="true|false",
        default=environment("SLIPWAY_ACCESS_LOG_PROBES", ""),
        help="probes and scrapes too; default: false [SLIPWAY_ACCESS_LOG_PROBES]",
    )
    group.add_argument(
        "--payload-log",
        metavar="FILE|URL",
        type=target,
        default=environment("SLIPWAY_PAYLOAD_LOG", ""),
        help="what is asked and answered, as CloudEvents in JSON: lines of a file, or batches to "
        "a web server; what there is no room for is dropped and counted [SLIPWAY_PAYLOAD_LOG]",
    )
    group.add_argument(
        "--payload-log-share",
        metavar="0..1",
        type=share,
        default=environment("SLIPWAY_PAYLOAD_LOG_SHARE") or "1",
        help="of the predictions; default: 1, all [SLIPWAY_PAYLOAD_LOG_SHARE]",
    )
    group.add_argument(
        "--payload-log-queue",
        metavar="SIZE",
        type=size,
        default=environment("SLIPWAY_PAYLOAD_LOG_QUEUE") or "16Mi",
        help="memory for what waits to be written; default: 16Mi [SLIPWAY_PAYLOAD_LOG_QUEUE]",
    )
    group.add_argument(
        "--payload-log-file-size",
        metavar="SIZE",
        type=size,
        default=environment("SLIPWAY_PAYLOAD_LOG_FILE_SIZE") or "100Mi",
        help="a larger file is put aside, and five of these are kept; default: 100Mi "
        "[SLIPWAY_PAYLOAD_LOG_FILE_SIZE]",
    )
    group.add_argument(
        "--traces",
        metavar="URL",
        type=url,
        default=environment("SLIPWAY_TRACES", ""),
        help="an OpenTelemetry collector, such as http://localhost:4318; needs the extra 'traces' "
        "[SLIPWAY_TRACES]",
    )
    group.add_argument(
        "--traces-share",
        metavar="0..1",
        type=share,
        default=environment("SLIPWAY_TRACES_SHARE") or "1",
        help="of the requests about which the client has not decided; default: 1, all "
        "[SLIPWAY_TRACES_SHARE]",
    )


def settings(options: argparse.Namespace) -> OperationSettings:
    """Read them."""
    return OperationSettings(
        access_log=AccessLogSettings(options.access_log, options.access_log_probes),
        auth=AuthSettings(tuple(options.keys), options.open),
        payloads=PayloadSettings(
            target=options.payload_log,
            share=options.payload_log_share,
            queue=options.payload_log_queue,
            largest_file=options.payload_log_file_size,
        ),
        tls=TlsSettings(options.tls_certificate, options.tls_key, options.tls_client_ca),
        traces=TraceSettings(options.traces, options.traces_share),
        reload=options.reload,
    )


def _path(text: str | None) -> Path | None:
    return Path(text) if text else None


def _paths(text: str | None) -> list[Path]:
    return [Path(part) for part in (text or "").split(":") if part]
