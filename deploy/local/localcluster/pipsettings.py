"""What pip needs inside an image's build to reach the packages that pip reaches on this machine.

Handed to a build as secrets, so that neither a mirror's address nor a private authority ends up
in an image. Must not carry a setting that names a path of this machine.
"""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from localcluster import files
from localcluster.commands import run

CARRIED = ("index-url", "extra-index-url", "trusted-host", "proxy", "timeout", "default-timeout")
BUNDLE_VARIABLES = ("PIP_CERT", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
SYSTEM_BUNDLE = Path("/etc/ssl/certs/ca-certificates.crt")
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy")
BUNDLE_IN_BUILD = "/run/secrets/ca.crt"


@dataclass(frozen=True, slots=True)
class Secrets:
    """The files that a build may read and must not keep."""

    pip_conf: Path
    bundle: Path | None

    def arguments(self) -> list[str]:
        """The words for `docker build` and `buildah bud` alike."""
        words = ["--secret", f"id=pip.conf,src={self.pip_conf}"]
        if self.bundle:
            words += ["--secret", f"id=ca.crt,src={self.bundle}"]
        return words


def prepare(folder: Path) -> Secrets:
    """Write this machine's settings where a build can be given them."""
    bundle = certificates(os.environ)
    conf = folder / "pip.conf"
    files.write(conf, pip_conf(run([sys.executable, "-m", "pip", "config", "list"]), bundle))
    return Secrets(conf, bundle)


def pip_conf(listed: str, bundle: Path | None) -> str:
    """The settings of `pip config list` that mean something in another root folder."""
    settings = {}
    for line in listed.splitlines():
        name, _, value = line.partition("=")
        key = name.rsplit(".", 1)[-1]
        if key in CARRIED:
            settings[key.removeprefix("default-")] = _unquoted(value)
    if bundle:
        settings["cert"] = BUNDLE_IN_BUILD
    return "[global]\n" + "".join(f"{key} = {value}\n" for key, value in settings.items())


def certificates(env: Mapping[str, str]) -> Path | None:
    """The bundle of authorities that this machine trusts."""
    named = [Path(env[name]) for name in BUNDLE_VARIABLES if env.get(name)]
    return next((path for path in (*named, SYSTEM_BUNDLE) if path.is_file()), None)


def _unquoted(value: str) -> str:
    """The setting itself, without quotes; further lines of it are indented."""
    return value.strip("'\"").replace("\\n", "\n    ")
