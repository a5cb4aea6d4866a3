import ssl
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization

from runtime_testing.certificates import Authority
from slipway_runtime.server.settings import TlsSettings
from slipway_runtime.server.tls import TlsError, context


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


def test_a_pair_that_belongs_together_is_served_with_tls_1_2_or_newer(
    authority: Authority, tmp_path: Path
) -> None:
    made = context(TlsSettings(*authority.issue(tmp_path)))

    assert made.minimum_version is ssl.TLSVersion.TLSv1_2
    assert made.verify_mode is ssl.CERT_NONE


def test_key_and_certificate_may_be_in_one_file(authority: Authority, tmp_path: Path) -> None:
    certificate, key = authority.issue(tmp_path)
    certificate.write_bytes(certificate.read_bytes() + key.read_bytes())
    context(TlsSettings(certificate))


def test_clients_can_be_asked_for_a_certificate(authority: Authority, tmp_path: Path) -> None:
    files = authority.issue(tmp_path)
    made = context(TlsSettings(*files, client_ca=authority.save(tmp_path / "ca.crt")))
    assert made.verify_mode is ssl.CERT_REQUIRED


def test_files_that_do_not_belong_together_are_refused(
    authority: Authority, tmp_path: Path
) -> None:
    certificate, key = authority.issue(tmp_path)
    other = tmp_path / "other"
    other.mkdir()
    for settings in (
        TlsSettings(certificate, authority.issue(other)[1]),
        TlsSettings(certificate, certificate),
        TlsSettings(key, key),
        TlsSettings(tmp_path / "nothing", key),
        TlsSettings(certificate, key, client_ca=key),
    ):
        with pytest.raises(TlsError, match="TLS cannot be served with"):
            context(settings)


def test_a_key_with_a_password_is_refused_and_nobody_is_asked_for_it(
    authority: Authority, tmp_path: Path
) -> None:
    certificate, key = authority.issue(tmp_path)
    locked = serialization.load_pem_private_key(key.read_bytes(), None).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(b"secret"),
    )
    key.write_bytes(locked)
    with pytest.raises(TlsError, match="needs a password"):
        context(TlsSettings(certificate, key))
