"""pip's settings for an image's build: the mirror goes along, this machine's paths do not."""

from pathlib import Path

from localcluster.pipsettings import certificates, pip_conf

LISTED = """\
global.index-url='https://mirror.example/simple'
:env:.find-links='/opt/wheels'
:env:.default-timeout='180'
global.cert='/etc/ssl/private-authority.crt'
"""


def test_the_mirror_and_the_timeout_go_along() -> None:
    assert pip_conf(LISTED, None) == (
        "[global]\nindex-url = https://mirror.example/simple\ntimeout = 180\n"
    )


def test_the_bundle_is_named_by_its_path_inside_the_build() -> None:
    assert pip_conf("", Path("/somewhere/ca.crt")) == "[global]\ncert = /run/secrets/ca.crt\n"


def test_the_environment_wins_over_the_files() -> None:
    listed = "global.index-url='https://a.example'\n:env:.index-url='https://b.example'\n"
    assert "https://b.example" in pip_conf(listed, None)
    assert "https://a.example" not in pip_conf(listed, None)


def test_the_first_bundle_that_exists_is_taken(tmp_path: Path) -> None:
    bundle = tmp_path / "ca.crt"
    bundle.touch()
    env = {"PIP_CERT": str(tmp_path / "gone"), "SSL_CERT_FILE": str(bundle)}
    assert certificates(env) == bundle
