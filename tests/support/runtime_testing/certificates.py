"""Certificates of authorities that exist for one test."""

import ssl
from pathlib import Path

import trustme


class Authority:
    """Signs certificates for `localhost`."""

    def __init__(self) -> None:
        self._ca = trustme.CA()

    def issue(self, folder: Path) -> tuple[Path, Path]:
        """Write a certificate and its key, in the place of those before."""
        made = self._ca.issue_cert("localhost")
        certificate, key = folder / "tls.crt", folder / "tls.key"
        chain = b"".join(blob.bytes() for blob in made.cert_chain_pems)
        for path, content in ((key, made.private_key_pem.bytes()), (certificate, chain)):
            fresh = path.with_suffix(".fresh")
            fresh.write_bytes(content)
            fresh.replace(path)
        return certificate, key

    def save(self, path: Path) -> Path:
        """Write the authority's own certificate."""
        path.write_bytes(self._ca.cert_pem.bytes())
        return path

    def trusting(self, presenting: "Authority | None" = None) -> ssl.SSLContext:
        """Make a client that trusts this authority, and shows a certificate of another."""
        context = ssl.create_default_context()
        self._ca.configure_trust(context)
        if presenting is not None:
            presenting._ca.issue_cert("client@example.com").configure_cert(context)
        return context
